"""A double of SageMaker: configs that cannot be changed, an endpoint that is moved from one to the next and may go back without a
word, and an autoscaler that owns the number of instances. The words are its API's."""

from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Compiled, Resource
from infractl.domain.step import Done, Running
from infractl.domain.value import Output
from infractl.errors import BusyProviderError
from infractl.provider.schema import Attribute, Replacement, Schema
from tests.testing.doubles.double import COMPUTED, DoubleCloud, DoubleProvider, NamedKind, ServiceNamedKind, address, refused


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


class Immutable(NamedKind):
    fixed = dict.fromkeys(("PrimaryContainer", "ProductionVariants"), Attribute(replaces=True))
    schema = Schema({**COMPUTED, **fixed}, Replacement.create_first)


class Endpoint(ServiceNamedKind):
    """One that Failed can only be deleted: its status is an attribute that replaces it."""

    hidden = dict.fromkeys(("left", "ProductionVariants", "PendingDeploymentSummary"), Attribute(computed=True))
    schema = Schema({**COMPUTED, **hidden, "EndpointStatus": Attribute(replaces=True)})

    def put(self, name, asked, there):
        config = asked["EndpointConfigName"]
        if there is None:
            variants = self.cloud.there["endpoint-config", config]["ProductionVariants"]
            counts = [{"DesiredInstanceCount": variant["InitialInstanceCount"]} for variant in variants]
            super().put(name, {**asked, "ProductionVariants": counts}, there)
            self.cloud.start(name, config, "Creating", *self.cloud.course)
        elif config not in (there["EndpointConfigName"], there["PendingDeploymentSummary"]["EndpointConfigName"]):
            self.cloud.update_endpoint(name, config)

    def poll(self, pending):
        status = (self.cloud.describe("endpoint", pending.ref.id) or {}).get("EndpointStatus")
        return Done(ref=pending.ref) if status in (None, "InService", "Failed") else Running(detail=status, after_s=0.01)

    def managed(self, desired, live):
        status = "Failed" if live.properties["EndpointStatus"] == "Failed" else "InService"
        return {**super().managed(desired, live), "EndpointStatus": status}

    def health(self, desired, live):
        failed = live.properties["EndpointStatus"] == "Failed"
        return Health(HealthStatus.failed if failed else HealthStatus.healthy)


class ScalableTarget(NamedKind):
    """Registered anew for another type of instance, which its tag tells: that of a registered variant cannot be changed."""

    schema = Schema({**COMPUTED, "ResourceId": Attribute(replaces=True), "Tags": Attribute(replaces=True)})

    def named(self, asked):
        return asked["ResourceId"]

    def put(self, name, asked, there):
        super().put(name, asked, None)


class SageMaker(DoubleProvider):
    name = "sagemaker"
    classes = (Immutable, "model"), (Immutable, "endpoint-config"), (Endpoint, "endpoint"), (ScalableTarget, "scalable-target")

    def compile(self, deployment, target):
        release, machine, replicas = deployment.stable, target.settings.machine, deployment.stable.placement.replicas
        model, config, endpoint, scaled = (address(deployment, kind) for kind in self.kinds)
        url = f"s3://models/{release.artifact.digest}-{release.config.max_concurrency}"
        variant = {"VariantName": "AllTraffic", "ModelName": Output(model, "name"), "InstanceType": machine}
        wanted = {"EndpointConfigName": Output(config, "name"), "EndpointStatus": "InService"}
        variant_id = f"endpoint/{deployment.service}-{deployment.environment}/variant/AllTraffic"
        scaling = {"ResourceId": variant_id, "MinCapacity": replicas, "MaxCapacity": 4, "Tags": {"InstanceType": machine}}
        resources = [
            Resource(address=model, properties={"PrimaryContainer": {"ModelDataUrl": url}}),
            Resource(address=config, properties={"ProductionVariants": [{**variant, "InitialInstanceCount": replicas}]}),
            Resource(address=endpoint, properties=wanted),
            Resource(address=scaled, properties=scaling, depends_on=(endpoint,)),
        ]
        return Compiled(resources=tuple(resources[: 4 if target.settings.autoscaled else 3]), outputs={})
