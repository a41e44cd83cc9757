"""A double of Kubernetes, over the cloud in `kubernetes_cloud`: what we own of an object, and when it is well."""

from infractl.domain.action import Action
from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Compiled, Resource
from infractl.domain.step import Done, Running
from infractl.domain.value import Output
from infractl.provider.schema import Attribute, Replacement, Schema
from tests.testing.doubles.double import COMPUTED, DoubleProvider, NamedKind, address
from tests.testing.doubles.kubernetes_cloud import OURS, canonical, fields, nested

SERVERS = dict.fromkeys(("fields", "generation", "managedFields", "status", "deletionTimestamp"), Attribute(computed=True))


class Applied(NamedKind):
    schema = Schema({**COMPUTED, **SERVERS, "left": Attribute(computed=True), "selector": Attribute(replaces=True)})

    def named(self, asked):
        return f"{asked['labels']['infractl-service']}-{asked['labels']['infractl-name']}"

    def put(self, name, asked, there):
        if there and "replicas" not in asked and "replicas" in there["managedFields"][OURS]:
            self.cloud.apply(self.name, name, {"replicas": there["replicas"]}, "infractl-handover")
        self.cloud.apply(self.name, name, asked)

    def poll(self, pending):
        gone = pending.action is not Action.delete or not self.look(pending.ref.id)
        return Done(ref=pending.ref) if gone else Running(detail="Foreground", after_s=0.01)

    def managed(self, desired, live):
        """What we own or want; what others own and the server filled in is none of ours."""
        wanted, owned = fields(desired.properties), live.properties["managedFields"].get(OURS, ())
        found = {path: value for path, value in live.properties["fields"].items() if path in wanted or path in owned}
        return nested({p: wanted[p] if p in wanted and canonical(wanted[p]) == value else value for p, value in found.items()})

    def health(self, desired, live):
        status, generation = live.properties["status"], live.properties["generation"]
        if self.name != "deployment":
            return Health(HealthStatus.healthy)
        if status.get("observedGeneration") != generation:
            return Health(HealthStatus.progressing, "the rollout was not observed yet")
        if any(condition["reason"] == "ProgressDeadlineExceeded" for condition in status.get("conditions", ())):
            return Health(HealthStatus.failed, f"ProgressDeadlineExceeded, {status['availableReplicas']} old replicas serve")
        rolled = status["updatedReplicas"] == status["availableReplicas"] == live.properties["replicas"]
        return Health(HealthStatus.healthy if rolled else HealthStatus.progressing, "it rolls out")


class ConfigMap(NamedKind):
    schema = Schema(
        {**COMPUTED, **SERVERS, "left": Attribute(computed=True), "data": Attribute(replaces=True)}, Replacement.create_first
    )
    poll = Applied.poll


class Kubernetes(DoubleProvider):
    name = "kubernetes"
    classes = (ConfigMap, "configmap"), (Applied, "deployment"), (Applied, "horizontalpodautoscaler")

    def compile(self, deployment, target):
        scaled, resources = target.settings.autoscaled, []
        for role, release in {"stable": deployment.stable, "candidate": deployment.candidate}.items():
            if release is None:
                continue
            config, server, scaler = (address(deployment, kind, role) for kind in self.kinds)
            container = {"name": "server", "image": release.version, "resources": {"limits": {"cpu": "1000m"}}}
            volume = {"name": "config", "configMap": {"name": Output(config, "name")}}
            template = {"spec": {"containers": [container], "volumes": [volume]}}
            replicas = {} if scaled else {"replicas": release.placement.replicas}
            wanted = {"selector": {"matchLabels": {"app": f"{deployment.service}-{role}"}}, "template": template, **replicas}
            resources.append(Resource(address=config, properties={"data": {"model": release.artifact.digest}}))
            resources.append(Resource(address=server, properties=wanted))
            if scaled:
                limits = {"scaleTargetRef": {"kind": "Deployment", "name": f"{deployment.service}-{role}"}, "maxReplicas": 4}
                resources.append(Resource(address=scaler, properties=limits, depends_on=(server,)))
        return Compiled(resources=tuple(resources), outputs={})
