"""A double of Kubernetes: server-side apply with owners of fields, defaults of the server's, a selector that cannot be changed,
a Deployment that rolls out or does not, and objects that go slowly. The words are its API's; a field is told by its path."""

from infractl.domain.action import Action
from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Compiled, Resource
from infractl.domain.step import Done, Running
from infractl.domain.value import Output
from infractl.provider.schema import Attribute, Replacement, Schema
from tests.testing.doubles.double import COMPUTED, DoubleCloud, DoubleProvider, NamedKind, address, refused

OURS = "infractl"
CONTAINER = "template/spec/containers/[server]"
DEFAULTS = {"deployment": {"replicas": 1, "progressDeadlineSeconds": 600, f"{CONTAINER}/imagePullPolicy": "IfNotPresent"}}
SERVERS = dict.fromkeys(("fields", "generation", "managedFields", "status", "deletionTimestamp"), Attribute(computed=True))


def fields(value, path=""):
    """Each leaf by its path; an item of a list by its name."""
    if isinstance(value, list):
        value = {f"[{item['name']}]": item for item in value}
    if not isinstance(value, dict):
        return {path: value}
    return {leaf: found for name, x in value.items() for leaf, found in fields(x, f"{path}/{name}".strip("/")).items()}


def nested(leaves):
    """The inverse."""
    parts = {}
    for path, value in leaves.items():
        head, _, rest = path.partition("/")
        parts.setdefault(head, {})[rest] = value
    made = {head: inner.get("") if "" in inner else nested(inner) for head, inner in parts.items()}
    return list(made.values()) if any(head.startswith("[") for head in made) else made


def canonical(value):
    return value[:-4] if isinstance(value, str) and value.endswith("000m") else value


class Cloud(DoubleCloud):
    stuck = False

    def apply(self, kind, name, asked, manager=OURS):
        """Forced server-side apply: what the manager owned alone and does not name any more falls back to the default."""
        there = self.there.get((kind, name), {"fields": {}, "managedFields": {}, "generation": 0, "status": {}})
        labels, wanted = asked.get("labels") or there["labels"], fields({k: v for k, v in asked.items() if k != "labels"})
        wanted, before = {path: canonical(value) for path, value in wanted.items()}, there["fields"]
        if any(path.startswith("selector") and before.get(path, value) != value for path, value in wanted.items()):
            raise refused("field is immutable: spec.selector")
        owners = {m: [p for p in paths if before[p] == wanted.get(p, before[p])] for m, paths in there["managedFields"].items()}
        others = {path for other, paths in owners.items() if other != manager for path in paths}
        dropped = {*owners.get(manager, ())} - {*wanted} - others
        after = {**DEFAULTS.get(kind, {}), **{p: v for p, v in before.items() if p not in dropped}, **wanted}
        same = {"labels": labels, "name": name, "fields": after, "managedFields": {**owners, manager: [*wanted]}}
        changed = {"generation": there["generation"] + (after != before), "status": there["status"]}
        self.there[kind, name] = {**same, **changed, **nested(after)}

    def delete(self, kind, name):
        self.there[kind, name]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    def tick(self, kind, told):
        if "deletionTimestamp" in told:
            told["left"] = told.get("left", 3) - 1
            if not told["left"]:
                super().delete(kind, told["name"])
        if kind != "deployment":
            return
        replicas, generation = told["replicas"], told["generation"]
        if told["status"].get("observedGeneration") != generation:
            told["status"] = {"observedGeneration": generation, "updatedReplicas": 0, "availableReplicas": replicas}
        elif self.stuck:
            told["status"]["conditions"] = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]
        else:
            told["status"] |= {"updatedReplicas": replicas, "availableReplicas": replicas, "conditions": []}


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
