"""The reference provider's kinds. Between them their attributes have every shape that a schema can tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infractl.domain import value
from infractl.domain.address import ANY_LINEAGE, Owner
from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import Properties, Redacted, SecretRef
from infractl.errors import Diagnostic, Severity
from infractl.provider.contract import Blobs, Secrets
from infractl.provider.schema import Attribute, Replacement, Schema
from infractl.testing.reference.cloud import Cloud
from infractl.testing.reference.world import DEFAULTS

ASK_AGAIN_S = 0.5
"""The longest pause between two looks at an operation."""

SCHEMAS: Mapping[str, Schema] = {
    "disk": Schema(
        {
            "model": Attribute(replaces=True),
            "size_bytes": Attribute(replaces=True),
            "path": Attribute(computed=True),
        },
        shows_s=0.0,
    ),
    "config": Schema(
        {
            "variants": Attribute(replaces=True, unordered_by="name"),
            "serving": Attribute(replaces=True),
            "arn": Attribute(computed=True),
        },
        Replacement.create_first,
        shows_s=0.0,
    ),
    "endpoint": Schema(
        {
            "zone": Attribute(replaces=True),
            "zones": Attribute(unordered_by=""),
            "key": Attribute(sensitive=True),
            "replicas": Attribute(ignored=True),
            "url": Attribute(computed=True),
            "status": Attribute(computed=True),
        },
        shows_s=0.0,
    ),
    "part": Schema({"zone": Attribute(replaces=True), "arn": Attribute(computed=True)}, shows_s=0.0),
}
"""`disk` holds a blob and goes before its successor comes; `config` has no update, and its successor comes first; `endpoint` is
changed in place. A service has as many a `part` as its target's setting says."""

COMPUTED: Mapping[str, Mapping[str, str]] = {
    "disk": {"path": "/disks/{id}"},
    "config": {"arn": "reference:config/{id}"},
    "endpoint": {"url": "https://{id}.invalid"},
    "part": {"arn": "reference:part/{id}"},
}


class ReferenceKind:
    """One kind at one process."""

    def __init__(self, name: str, cloud: Cloud, blobs: Blobs, secrets: Secrets) -> None:
        self.name = name
        self.cloud = cloud
        self.blobs = blobs
        self.secrets = secrets

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        found = self.cloud.call("read", kind=self.name, ids=[ref.id for ref in refs])
        return {live.ref: live for live in map(self._live, found)}

    def find(self, owner: Owner) -> Sequence[Live]:
        labels = {
            "infractl-project": owner.key.project,
            "infractl-environment": owner.key.environment,
            "infractl-service": owner.key.service,
            **({} if owner.lineage == ANY_LINEAGE else {"infractl-lineage": owner.lineage}),
        }
        return [self._live(told) for told in self.cloud.call("find", kind=self.name, labels=labels)]

    def begin(self, step: Step) -> Pending:
        wanted = step.desired.properties if step.desired else {}
        for blob in (v for v in wanted.values() if isinstance(v, value.Blob)):
            # Where another provider would send it.
            self.blobs.path(blob.digest)
        answer = self.cloud.call(
            "begin",
            action=step.action.value,
            kind=self.name,
            key=step.key,
            labels=dict(step.owner.labels(step.address)),
            prior=step.prior.ref.id if step.prior else None,
            properties={name: value.encode(v) for name, v in wanted.items() if not isinstance(v, SecretRef)},
            secrets={name: self.secrets.resolve(v).reveal() for name, v in wanted.items() if isinstance(v, SecretRef)},
            kept=[name for name, attribute in SCHEMAS[self.name].attributes.items() if attribute.ignored],
        )
        return Pending(ref=Ref(kind=self.name, id=answer["id"]), action=step.action, token=answer["token"])

    def poll(self, pending: Pending) -> Running | Done | Failed:
        if not pending.token:
            # It had ended when it was accepted.
            return Done(ref=pending.ref)
        told = self.cloud.call("poll", token=pending.token)
        if told["ended"]:
            return Done(ref=Ref(kind=self.name, id=told["id"]))
        return Running(detail=f"{told['action']} of {told['id']} goes on", after_s=min(told["left_s"] + 0.02, ASK_AGAIN_S))

    def managed(self, desired: Resource, live: Live) -> Properties:
        defaults = DEFAULTS.get(self.name, {})
        schema = SCHEMAS[self.name]
        return {
            name: found
            for name, found in live.properties.items()
            if not schema.of(name).computed and (name in desired.properties or found != defaults.get(name))
        }

    def health(self, desired: Resource, live: Live) -> Health:
        match live.properties.get("status", "ready"):
            case "ready":
                return Health(HealthStatus.healthy)
            case "deleting":
                return Health(HealthStatus.failed, "it is being deleted")
            case status:
                return Health(HealthStatus.progressing, f"it is {status}")

    def last_lines(self, live: Live, count: int) -> Sequence[str]:
        lines: list[str] = self.cloud.call("lines", kind=self.name, thing=live.ref.id, count=count)
        return lines

    def _live(self, told: Mapping[str, Any]) -> Live:
        properties: dict[str, Any] = {name: value.decode(found) for name, found in told["properties"].items()}
        properties.update({name: Redacted() for name in told["secrets"]})
        properties.update({name: text.format(id=told["id"]) for name, text in COMPUTED[self.name].items()})
        if "status" in SCHEMAS[self.name].attributes:
            properties["status"] = told["status"]
        return Live(ref=Ref(kind=self.name, id=told["id"]), properties=properties, labels=told["labels"])


class ReferenceEndpoint(ReferenceKind):
    """The kind that can tell beforehand what would go wrong."""

    def preflight(self, desired: Resource, live: Live | None) -> Sequence[Diagnostic]:
        if desired.properties.get("replicas", 1) >= 1:
            return ()
        return (
            Diagnostic(
                slug="reference-replicas",
                severity=Severity.error,
                summary="an endpoint needs a replica",
                detail=f"{desired.address} has {desired.properties['replicas']}",
                remedy="ask for at least one",
            ),
        )
