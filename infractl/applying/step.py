"""Carries out one step: intent, call, operation, wait, read-back, outcome, each written down before the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from infractl.applying.connection import Connections, kind_of
from infractl.applying.sighting import Sighting, look, unseen
from infractl.applying.wait import Waiting, read_back, read_gone, retried, wait
from infractl.domain.action import Action
from infractl.domain.address import Address, Owner, service_in
from infractl.domain.journal import Entry, Intent, Operation, Outcome
from infractl.domain.plan import Change
from infractl.domain.resource import Live, Recorded, Ref, Resource
from infractl.domain.step import Failed, Pending, Running, Step
from infractl.domain.value import Output, Properties, outputs_in, resolve
from infractl.errors import InfractlError, StateError, TransientProviderError, UnansweredError
from infractl.planning.graph import Node
from infractl.provider.plugin import GuardedKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every step of one apply shares. `journal` writes an entry down and may be called from any thread."""

    owner: Owner
    serial: int
    connections: Connections
    journal: Callable[[Entry], None]
    waiting: Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """The step has begun and its end is not known: no outcome is written, and the next run settles it."""

    detail: str
    live: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwritten:
    """The journal cannot be written. `begun`: the intent was, so that the provider may have been called."""

    error: StateError
    begun: bool


Ending = Recorded | Failed | Unsettled | None
"""The new record of an address, the failure, what is not known, or None where the object is gone."""

Result = Ending | Unwritten


def carry_out(
    node: Node, change: Change, applied: Mapping[Address, Recorded], around: Surroundings, tell: Callable[[str], None]
) -> Result:
    """Carry out one step. `applied` holds what is recorded of the other resources by now.

    Without a durable intent nothing is called.
    """
    if _taken_up_again(node, change, applied):
        return None
    around = replace(around, waiting=replace(around.waiting, tell=tell))
    now = around.waiting.clock.now
    step = _step(node, change, applied, around)
    if isinstance(step, Failed):
        return step
    intent = Intent(
        step=step.key,
        action=step.action,
        address=step.address,
        target=_target(step, change),
        desired=step.desired,
        prior=step.prior.ref if step.prior else _forgotten(step, change),
        at=now(),
    )
    try:
        around.journal(intent)
    except StateError as error:
        return Unwritten(error=error, begun=False)
    try:
        return _begun(step, change, around)
    except StateError as error:
        return Unwritten(error=error, begun=True)


def _begun(step: Step, change: Change, around: Surroundings) -> Ending:
    """Raises only what the journal raises."""
    now = around.waiting.clock.now
    result = _call(step, change, around)
    if isinstance(result, Unsettled) and result.live:
        return result
    if isinstance(result, Failed | Unsettled):
        seen = _seen(step, change, around)
        result = replace(result, live=result.live or seen.words)
        if isinstance(result, Failed):
            left = _left_behind(step, change, around, seen)
            around.journal(Outcome(step=step.key, recorded=left, failure=told(result), at=now()))
        return result
    around.journal(Outcome(step=step.key, recorded=result, failure=None, at=now()))
    return result


def _step(node: Node, change: Change, applied: Mapping[Address, Recorded], around: Surroundings) -> Step | Failed:
    """The step with every Output resolved. A replacement that creates first gives its create the old object as prior.

    An old object at another target is none of the new one's kind's business.
    """
    desired = None if node.action in (Action.delete, Action.forget) else change.desired
    if desired is not None:
        desired = resolved(desired, applied)
        if missing := outputs_in(desired.properties):
            return Failed(
                detail=f"{missing[0]} is not known after it was applied", remedy="report this to the provider's authors"
            )
    anew = node.action is Action.create and (not change.create_first or moves(change))
    return Step(
        action=node.action,
        key=":".join([around.owner.lineage, str(around.serial), str(node.address), node.verb, node.deposed]).rstrip(":"),
        address=node.address,
        owner=around.owner,
        desired=desired,
        prior=None if anew else change.live,
    )


def _taken_up_again(node: Node, change: Change, applied: Mapping[Address, Recorded]) -> bool:
    """Whether what is to go is what the address has now: a kind that names by content gave a successor the old one's id."""
    old, now = change.recorded, applied.get(node.address)
    if old is None or now is None or not (node.deposed or (change.create_first and node.action is Action.delete)):
        return False
    return (old.target, old.ref) == (now.target, now.ref)


def resolved(resource: Resource, applied: Mapping[Address, Recorded]) -> Resource:
    """The resource with its Outputs read from what was applied; one that is not there stays an Output."""

    def known(output: Output) -> object:
        applied_record = applied.get(output.address)
        return output if applied_record is None else applied_record.outputs.get(output.attribute, output)

    return replace(resource, properties={name: resolve(value, known) for name, value in resource.properties.items()})


def _call(step: Step, change: Change, around: Surroundings) -> Ending:
    if step.action is Action.forget:
        return None
    target, waiting = _target(step, change), around.waiting
    if step.action is Action.adopt and step.desired and step.prior:
        return record(step.desired, step.desired.properties, target, step.prior)
    try:
        kind = kind_of(around.connections, target, step.address.kind)
        waiting = waiting.of(kind)
        pending = retried(lambda: kind.begin(_left_to_others(step, change, kind)), waiting)
    except InfractlError as error:
        return _stopped(error)
    around.journal(Operation(step=step.key, pending=pending, at=waiting.clock.now()))
    try:
        return _finished(kind, step, pending, target, waiting)
    except InfractlError as error:
        return _stopped(error)


def _left_to_others(step: Step, change: Change, kind: GuardedKind) -> Step:
    """An update does not name what others own: what was planned may be long past. A successor begins with what was there."""
    if step.desired is None or change.live is None or moves(change):
        return step
    others = {name for name in step.desired.properties if kind.schema.of(name).ignored}
    asked = {name: value for name, value in step.desired.properties.items() if name not in others}
    if step.action is Action.create and others:
        asked = {**step.desired.properties, **{n: v for n, v in kind.managed(step.desired, change.live).items() if n in others}}
    return replace(step, desired=replace(step.desired, properties=asked))


def _finished(kind: GuardedKind, step: Step, pending: Pending, target: str, waiting: Waiting) -> Ending:
    limit_s, began = waiting.longest_s, waiting.clock.monotonic()
    match wait(kind, pending, waiting):
        case Failed() as failed:
            return failed
        case Running(detail=detail):
            return Unsettled(detail=f"it did not end within {limit_s:.0f}s: {detail}")
        case ended:
            if step.desired is None:
                return read_gone(kind, step.prior.ref if step.prior else pending.ref, waiting)
            left = replace(waiting, operation_s=limit_s - (waiting.clock.monotonic() - began))
            live = read_back(kind, step.desired, ended.ref, left)
            return live if isinstance(live, Failed) else record(step.desired, step.desired.properties, target, live)


def _stopped(error: InfractlError) -> Failed | Unsettled:
    first = error.diagnostics[0]
    detail = ": ".join(part for part in (first.summary, first.detail) if part)
    if isinstance(error, UnansweredError):
        return Unsettled(detail=detail, live="what is there now was not asked")
    if isinstance(error, TransientProviderError):
        # The last answer may have been lost after the provider acted.
        return Unsettled(detail=detail)
    return Failed(detail=detail, remedy=first.remedy)


def _seen(step: Step, change: Change, around: Surroundings) -> Sighting:
    try:
        return look(step, kind_of(around.connections, _target(step, change), step.address.kind))
    except InfractlError as error:
        return unseen(error)


def _left_behind(step: Step, change: Change, around: Surroundings, seen: Sighting) -> Recorded | None:
    """What is recorded after a failure: the record as it was, or the object of a create that is there all the same."""
    if step.action is not Action.create or step.desired is None:
        return change.recorded
    if seen.live is not None:
        kind = kind_of(around.connections, change.target, step.address.kind)
        return record(step.desired, kind.managed(step.desired, seen.live), change.target, seen.live)
    return change.recorded if change.create_first else None


def record(desired: Resource, properties: Properties, target: str, live: Live) -> Recorded:
    """The record of an object that lives as `live` and was applied with `properties`."""
    return Recorded(
        address=desired.address,
        target=target,
        ref=live.ref,
        properties=properties,
        outputs=live.properties,
        depends_on=desired.depends_on,
        labelled=service_in(live.labels) == desired.address.service,
    )


def moves(change: Change) -> bool:
    """Whether the new object is wanted at another target than the old one is at."""
    return change.recorded is not None and change.recorded.target != change.target


def _forgotten(step: Step, change: Change) -> Ref | None:
    """The object that is dropped from the state: it is known by its record alone."""
    return change.recorded.ref if change.recorded and step.action is Action.forget else None


def _target(step: Step, change: Change) -> str:
    """Where the step is carried out: what is deleted may be at another target than what is wanted."""
    return change.recorded.target if change.recorded and not step.desired else change.target


def told(ended: Failed | Unsettled) -> str:
    """What happened, and what is there now."""
    return "; ".join(part for part in (ended.detail, ended.live) if part)
