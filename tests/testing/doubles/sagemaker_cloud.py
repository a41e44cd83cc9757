"""SageMaker in memory: an endpoint that is moved from one config to the next and may go back without a word, and configs that
nobody keeps from being deleted while they serve. The words are its API's."""

from infractl.errors import BusyProviderError
from tests.testing.doubles.double import DoubleCloud, refused


class Cloud(DoubleCloud):
    """An operation on an endpoint goes through the statuses of `course`, one each time that it is described."""

    course = ("InService",)

    def start(self, name, config, *course):
        endpoint = self.there["endpoint", name]
        if endpoint.get("left"):
            raise BusyProviderError.of("busy", summary="Cannot update in-progress endpoint", detail=name)
        endpoint |= {"left": [*course], "PendingDeploymentSummary": {"EndpointConfigName": config}}

    def update_endpoint(self, name, config):  # with RetainAllVariantProperties: as many instances as there are
        old, new = (self.there.get(("endpoint-config", x)) for x in (self.there["endpoint", name]["EndpointConfigName"], config))
        if not (old and new):
            raise refused("Could not find endpoint configuration")
        types = {variant["InstanceType"] for x in (old, new) for variant in x["ProductionVariants"]}
        if len(types) > 1 and any(kind == "scalable-target" for kind, _ in self.there):
            raise refused("the instance type of a registered variant cannot be changed")
        self.start(name, config, "Updating", *self.course)

    def delete(self, kind, name):
        used = [x["EndpointConfigName"] for (other, _), x in self.there.items() if other == "endpoint"]
        assert name not in used, "nobody refuses to delete the config of an endpoint, which cannot be updated after that"
        if kind == "endpoint":
            self.start(name, "", "Deleting", "")
        else:
            super().delete(kind, name)

    def tick(self, kind, told):
        if told.get("left"):
            told["EndpointStatus"] = status = told["left"].pop(0)
            if status == "RollingBack":
                told["PendingDeploymentSummary"] = {"EndpointConfigName": told["EndpointConfigName"]}
            elif status == "InService":
                told["EndpointConfigName"] = told["PendingDeploymentSummary"]["EndpointConfigName"]
            elif not status:
                super().delete(kind, told["name"])
