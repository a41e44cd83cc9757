"""A double of Vertex, over the cloud in `vertex_cloud`."""

from infractl.domain.action import Action
from infractl.domain.resource import Compiled, Ref, Resource
from infractl.domain.step import Done, Failed, Running
from infractl.domain.value import Output
from infractl.provider.schema import Attribute, Replacement, Schema
from tests.testing.doubles.double import COMPUTED, DoubleKind, DoubleProvider, NamedKind, ServiceNamedKind, address


class Model(NamedKind):
    schema = Schema({**COMPUTED, "artifactUri": Attribute(replaces=True)}, Replacement.create_first)


class Endpoint(ServiceNamedKind):
    schema = Schema({**COMPUTED, "deployedModels": Attribute(computed=True), "trafficSplit": Attribute(computed=True)})

    def put(self, name, asked, there):
        super().put(name, {**asked, "deployedModels": {}, "trafficSplit": {}}, there)


class Part(DoubleKind):
    """What is a part of an endpoint has no labels: it carries the endpoint's, with a kind and a name of its own."""

    def every(self):
        ends = [told for (kind, _), told in [*self.cloud.there.items()] if kind == "endpoint"]
        parts = [(end["labels"], *part) for end in ends for part in self.parts(end["name"], end)]
        return {at: (told, {**labels, "infractl-kind": self.name, "infractl-name": name}) for labels, at, name, told in parts}

    def ids(self):
        return [*self.every()]

    def look(self, name):
        return self.every().get(name)


class DeployedModel(Part):
    """Another machine is another deployed model, beside the old one. What could be changed in place is left out here."""

    fixed = dict.fromkeys(("endpoint", "model", "machineSpec"), Attribute(replaces=True))
    schema = Schema({"id": Attribute(computed=True), **fixed}, Replacement.create_first)

    def parts(self, at, endpoint):
        deployed = [*endpoint["deployedModels"].items()]
        return [(f"{at}/{given}", told["displayName"], {**told, "id": given, "endpoint": at}) for given, told in deployed]

    def begin(self, step):
        if step.action is Action.delete:
            name = step.prior.ref.id
            return self.pending(step, name, self.cloud.undeploy_model(*name.split("/")) if self.look(name) else "")
        if there := self.made(step):
            return self.pending(step, there.ref.id)
        asked = dict(step.desired.properties)
        endpoint = asked.pop("endpoint")
        return self.pending(step, f"{endpoint}/", self.cloud.deploy_model(endpoint, asked))

    def poll(self, pending):
        told = self.cloud.answer(pending.token) if pending.token else {"done": True}
        if not told["done"]:
            return Running(detail="STARTING_MODEL_SERVER", after_s=0.01)
        if "error" in told:
            return Failed(detail=told["error"])
        endpoint, deployed = pending.ref.id.split("/")
        return Done(ref=Ref(kind=self.name, id=f"{endpoint}/{told.get('response', deployed)}"))


class TrafficSplit(Part):
    """An id cannot be the key of what is wanted while it is not known: it is wanted as a list, keyed by id."""

    schema = Schema({"endpoint": Attribute(replaces=True), "trafficSplit": Attribute(unordered_by="id")})

    def parts(self, at, endpoint):
        told = [{"id": given, "percentage": share} for given, share in endpoint["trafficSplit"].items()]
        return [(at, "main", {"endpoint": at, "trafficSplit": told})] if told else []

    def begin(self, step):
        wanted = step.desired.properties if step.desired else {"endpoint": step.prior.ref.id, "trafficSplit": []}
        if step.desired or self.look(wanted["endpoint"]):
            self.cloud.update_endpoint(wanted["endpoint"], {part["id"]: part["percentage"] for part in wanted["trafficSplit"]})
        return self.pending(step, wanted["endpoint"])


class Vertex(DoubleProvider):
    name = "vertex"
    classes = (Model, "model"), (Endpoint, "endpoint"), (DeployedModel, "deployed-model"), (TrafficSplit, "traffic-split")

    def compile(self, deployment, target):
        endpoint, split = address(deployment, "endpoint"), address(deployment, "traffic-split")
        percentage = round(100 * deployment.share)
        releases = [(deployment.stable, 100 - percentage), (deployment.candidate, percentage)]
        resources, shares = [Resource(address=endpoint, properties={})], []
        for release, share in releases[: 2 if deployment.candidate else 1]:
            model, deployed = (address(deployment, kind, f"v{release.version}") for kind in ("model", "deployed-model"))
            wanted = {"endpoint": Output(endpoint, "name"), "model": Output(model, "name"), "displayName": deployed.name}
            wanted |= {"machineSpec": {"machineType": target.settings.machine}}
            resources.append(Resource(address=model, properties={"artifactUri": f"gs://models/{release.artifact.digest}"}))
            resources.append(Resource(address=deployed, properties=wanted))
            shares.append({"id": Output(deployed, "id"), "percentage": share})
        resources.append(Resource(address=split, properties={"endpoint": Output(endpoint, "name"), "trafficSplit": shares}))
        return Compiled(resources=tuple(resources), outputs={})
