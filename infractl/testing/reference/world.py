"""The reference provider's objects and the operations on them. Pure but for the log; the standard library alone.

It behaves as clouds do: what it accepted goes on without its client, a call with a known key is answered as the first time, lists
whose order means nothing come back in another order, and it fills in defaults of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

DEFAULTS: Mapping[str, Mapping[str, Any]] = {"endpoint": {"timeout_s": 60}}
"""What an object gets where nothing was asked for."""

SHUFFLED: Mapping[str, Sequence[str]] = {"config": ("variants",), "endpoint": ("zones",)}
"""Lists that are given back in an order of the provider's own."""


class RefusedError(Exception):
    """A call that is not carried out. The slug `busy`: it will be, once what happens to the object has ended."""

    def __init__(self, slug: str, detail: str) -> None:
        super().__init__(detail)
        self.slug = slug


@dataclass
class Thing:
    """One object. `secrets` holds the sha256 of each sensitive value: the value itself is kept nowhere."""

    kind: str
    id: str
    labels: Mapping[str, str]
    properties: Mapping[str, Any]
    secrets: Mapping[str, str]
    status: str
    lines: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As a client may see it: that a secret is there, never which one."""
        wanted = {**DEFAULTS.get(self.kind, {}), **self.properties}
        for name in SHUFFLED.get(self.kind, ()):
            if isinstance(wanted.get(name), list):
                wanted[name] = list(reversed(wanted[name]))
        return {
            "kind": self.kind,
            "id": self.id,
            "labels": self.labels,
            "properties": wanted,
            "secrets": sorted(self.secrets),
            "status": self.status,
        }


@dataclass
class Operation:
    """A call that was accepted, and what is so once it ends. An update leaves the properties `kept` as they are."""

    token: str
    key: str
    action: str
    kind: str
    id: str
    labels: Mapping[str, str]
    ends_at: float
    properties: Mapping[str, Any]
    secrets: Mapping[str, str]
    kept: Sequence[str] = ()
    ended: bool = False


@dataclass
class World:
    """`now` tells seconds that never go back; `log` is given every event, in the order in which they happened."""

    now: Callable[[], float]
    log: Callable[[Mapping[str, Any]], None]
    things: dict[tuple[str, str], Thing] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    delays_s: dict[tuple[str, str], float] = field(default_factory=dict)
    made: int = 0
    _by_key: dict[str, Operation] = field(default_factory=dict)
    _running: dict[str, Operation] = field(default_factory=dict)
    _labelled: dict[tuple[str, str, str], dict[str, Thing]] = field(default_factory=dict)
    """By kind and each single label, so that no call takes longer the more there is."""

    def begin(
        self,
        *,
        action: str,
        kind: str,
        key: str,
        labels: Mapping[str, str],
        prior: str | None = None,
        properties: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
        kept: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Accept one call, and give the object's id and the operation's token: none where it has ended. Raises RefusedError."""
        if known := self._by_key.get(key):
            self._tell("repeated", known)
            return _accepted(known)
        hidden = {name: hashlib.sha256(value.encode()).hexdigest() for name, value in (secrets or {}).items()}
        event, thing_id = "begun", prior or ""
        if action == "create":
            event, thing_id = self._create(kind, labels, prior, properties or {}, hidden)
        elif action == "update" and (kind, thing_id) not in self.things:
            raise RefusedError("absent", f"there is no {kind} {thing_id}")
        if event == "adopted" and (running := self._same_create(kind, thing_id, properties or {}, hidden)):
            self._tell(event, running)
            return {**_accepted(running), "id": thing_id}
        self._occupy(kind, thing_id, action)
        operation = Operation(
            token=f"operation-{len(self.operations) + 1}",
            key=key,
            action=action,
            kind=kind,
            id=thing_id,
            labels=dict(labels),
            ends_at=self.now() + self.delays_s.get((kind, action), 0.0),
            properties=properties or {},
            secrets=hidden,
            kept=kept if action == "update" else (),
        )
        self.operations[operation.token] = self._running[operation.token] = self._by_key[key] = operation
        self._tell(event, operation)
        self.advance()
        return _accepted(operation)

    def poll(self, *, token: str) -> dict[str, Any]:
        """Whether the operation ended, else how long it takes yet."""
        operation = self.operations.get(token)
        if operation is None:
            raise RefusedError("operation-unknown", f"there is no operation {token}")
        left_s = max(0.0, operation.ends_at - self.now())
        return {"ended": operation.ended, "id": operation.id, "action": operation.action, "left_s": left_s}

    def read(self, *, kind: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        return [self.things[kind, i].told() for i in ids if (kind, i) in self.things]

    def find(self, *, kind: str, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """The objects of the kind that carry all these labels."""
        return [thing.told() for thing in self._carrying(kind, labels)]

    def delay(self, *, kind: str, action: str, seconds: float) -> None:
        """How long operations of this sort take from now on."""
        self.delays_s[kind, action] = seconds

    def holds(self, *, kind: str, thing: str, name: str, value: str) -> bool:
        """Whether the object was given this secret. For tests: no client of a cloud could ask."""
        return self.things[kind, thing].secrets.get(name) == hashlib.sha256(value.encode()).hexdigest()

    def lines(self, *, kind: str, thing: str, count: int) -> list[str]:
        """The newest lines of the object's own log."""
        found = self.things.get((kind, thing))
        return found.lines[-count:] if found and count > 0 else []

    def advance(self) -> None:
        """End what is due. Needs no client."""
        for operation in list(self._running.values()):
            if operation.ends_at <= self.now():
                self._end(operation)

    def _create(
        self,
        kind: str,
        labels: Mapping[str, str],
        prior: str | None,
        properties: Mapping[str, Any],
        secrets: Mapping[str, str],
    ) -> tuple[str, str]:
        """Adopts what carries the labels, but for the old object that a replacement is made beside."""
        for thing in self._carrying(kind, labels):
            if thing.labels == labels and thing.id != prior and thing.status != "deleting":
                return "adopted", thing.id
        self.made += 1
        made = Thing(kind, f"{kind}-{self.made}", dict(labels), properties, secrets, "creating")
        self.put(made)
        return "begun", made.id

    def put(self, thing: Thing) -> None:
        """The object is there, as a new one or in the place of one with its id."""
        before = self.things.get((thing.kind, thing.id))
        if before and before.labels != thing.labels:
            self.take(thing.kind, thing.id)
        self.things[thing.kind, thing.id] = thing
        for name, text in thing.labels.items():
            self._labelled.setdefault((thing.kind, name, text), {})[thing.id] = thing

    def take(self, kind: str, thing_id: str) -> None:
        """The object is gone, if it was there."""
        if gone := self.things.pop((kind, thing_id), None):
            for name, text in gone.labels.items():
                self._labelled[kind, name, text].pop(thing_id)

    def _carrying(self, kind: str, labels: Mapping[str, str]) -> list[Thing]:
        """The objects of the kind with all these labels, oldest first: looked for among those with the rarest."""
        if not labels:
            return [t for t in self.things.values() if t.kind == kind]
        groups = [self._labelled.get((kind, name, text), {}) for name, text in labels.items()]
        return [t for t in min(groups, key=len).values() if labels.items() <= t.labels.items()]

    def _same_create(
        self, kind: str, thing_id: str, properties: Mapping[str, Any], hidden: Mapping[str, str]
    ) -> Operation | None:
        """The operation that makes this very object already: its begin was answered, and the answer was lost."""
        wanted = (kind, thing_id, properties, hidden)
        running = (o for o in self._running.values() if o.action == "create")
        return next((o for o in running if (o.kind, o.id, o.properties, o.secrets) == wanted), None)

    def _occupy(self, kind: str, thing_id: str, action: str) -> None:
        thing = self.things.get((kind, thing_id))
        if thing is None:
            return
        if any((o.kind, o.id) == (kind, thing_id) for o in self._running.values()):
            raise RefusedError("busy", f"{kind} {thing_id} is {thing.status}")
        thing.status = {"create": "creating", "update": "updating", "delete": "deleting"}[action]

    def _end(self, operation: Operation) -> None:
        operation.ended = True
        del self._running[operation.token]
        thing = self.things.get((operation.kind, operation.id))
        if operation.action == "delete":
            self.take(operation.kind, operation.id)
        elif thing is not None:
            kept = {name: thing.properties[name] for name in operation.kept if name in thing.properties}
            thing.properties, thing.secrets, thing.status = {**operation.properties, **kept}, operation.secrets, "ready"
            thing.lines.append(f"{operation.action} ended")
            self.put(replace(thing, labels=operation.labels))
        self._tell("ended", operation)

    def _tell(self, event: str, operation: Operation) -> None:
        self.log(
            {
                "at_s": round(self.now(), 3),
                "event": event,
                "action": operation.action,
                "kind": operation.kind,
                "id": operation.id,
                "name": operation.labels.get("infractl-name", ""),
                "key": operation.key,
                "token": operation.token,
            }
        )


def _accepted(operation: Operation) -> dict[str, Any]:
    return {"id": operation.id, "token": "" if operation.ended else operation.token}
