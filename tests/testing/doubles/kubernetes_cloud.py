"""Kubernetes in memory: server-side apply with owners of fields, defaults of the server's, a selector that cannot be changed, a
Deployment that rolls out or does not, and objects that go slowly. The words are its API's; a field is told by its path."""

from tests.testing.doubles.double import DoubleCloud, refused

OURS = "infractl"
CONTAINER = "template/spec/containers/[server]"
DEFAULTS = {"deployment": {"replicas": 1, "progressDeadlineSeconds": 600, f"{CONTAINER}/imagePullPolicy": "IfNotPresent"}}


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
