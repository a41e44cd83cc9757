"""A double of SageMaker, over the cloud in `sagemaker_cloud`: configs that cannot be changed, an endpoint that is moved from one
to the next, and an autoscaler that owns the number of instances."""

from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Compiled, Resource
from infractl.domain.step import Done, Running
from infractl.domain.value import Output
from infractl.provider.schema import Attribute, Replacement, Schema
from tests.testing.doubles.double import COMPUTED, DoubleProvider, NamedKind, ServiceNamedKind, address


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
