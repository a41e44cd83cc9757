"""Vertex in memory: long operations that are asked for by name, one at a time on an endpoint, deployed models whose ids the
server gives out, and a split of the traffic by these ids. The words are its API's."""

from infractl.errors import BusyProviderError
from tests.testing.doubles.double import DoubleCloud, refused


class Cloud(DoubleCloud):
    """An operation ends with the eighth call that meets it. With `stock_out`, a deployment ends badly."""

    stock_out = False

    def __init__(self):
        super().__init__()
        self.operations, self.given_out = {}, 100

    def operation(self, endpoint, finish):
        with self.lock:
            running = [name for name, told in self.operations.items() if name.startswith(f"{endpoint}/") and not told["done"]]
            if running:
                self.answer(*running)
                raise BusyProviderError.of("busy", summary="There are other operations running on the Endpoint", detail=endpoint)
            name = f"{endpoint}/operations/{len(self.operations)}"
            self.operations[name] = {"done": False, "left": 8, "finish": finish}
            return name

    def answer(self, name):
        with self.lock:
            told = self.operations[name]
            told["left"] -= 1
            if told["left"] == 0:
                told |= {"done": True, **told["finish"]()}
            return told

    def deploy_model(self, endpoint, deployed):
        def finish():
            if self.stock_out:
                return {"error": "Resources are insufficient in region"}
            self.given_out += 1
            self.there["endpoint", endpoint]["deployedModels"][str(self.given_out)] = deployed
            return {"response": str(self.given_out)}

        return self.operation(endpoint, finish)

    def undeploy_model(self, endpoint, deployed):
        if self.there["endpoint", endpoint]["trafficSplit"].get(deployed):
            raise refused(f"DeployedModel {deployed} has traffic")
        self.deleted.append("deployed-model")
        return self.operation(endpoint, lambda: self.there["endpoint", endpoint]["deployedModels"].pop(deployed) and {})

    def update_endpoint(self, endpoint, split):
        there = self.there["endpoint", endpoint]
        if split and (sum(split.values()) != 100 or set(split) - set(there["deployedModels"])):
            raise refused("traffic_split must sum to 100, over deployed models")
        there["trafficSplit"] = split

    def delete(self, kind, name):
        deployed = [d for (k, _), e in self.there.items() if k == "endpoint" for d in e["deployedModels"].values()]
        if self.there[kind, name].get("deployedModels") or name in [d["model"] for d in deployed]:
            raise refused("has deployed or being-deployed DeployedModel(s)")
        super().delete(kind, name)
