"""Carries out one step: intent, call, operation, wait, read-back, outcome, each written down before the next."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from infractl.applying.connection import Connections, kind_of
from infractl.applying.wait import Waiting, read_back, read_gone, wait
from infractl.domain.action import Action
from infractl.domain.address import Address, Owner
from infractl.domain.journal import Entry, Intent, Operation, Outcome
from infractl.domain.plan import Change
from infractl.domain.resource import Live, Recorded, Ref, Resource
from infractl.domain.step import Failed, Pending, Step
from infractl.domain.value import Output, Properties, outputs_in, resolve
from infractl.errors import InfractlError, TransientProviderError
from infractl.planning.graph import Node
from infractl.provider.contract import Kind

TRIES = 4
"""Calls of one `begin` that a provider says may succeed later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every step of one apply shares. `journal` writes durably and may be called from any thread."""

    owner: Owner
    serial: int
    connections: Connections
    journal: Callable[[Entry], None]
    waiting: Waiting


def carry_out(
    node: Node, change: Change, applied: Mapping[Address, Recorded], around: Surroundings, tell: Callable[[str], None]
) -> Recorded | Failed | None:
    """The new record of the address, None where it is gone, or the failure.

    `applied` holds what is recorded of the other resources by now. Raises only what the journal raises: without a
    durable intent nothing is called.
    """
    waiting = replace(around.waiting, tell=tell)
    clock = waiting.clock
    step = _step(node, change, applied, around)
    if isinstance(step, Failed):
        return step
    around.journal(
        Intent(
            step=step.key,
            action=step.action,
            address=step.address,
            target=change.target if step.desired else _recorded_target(change),
            desired=step.desired,
            prior=step.prior.ref if step.prior else None,
            at=clock.now(),
        )
    )
    result = _call(step, change, around, waiting)
    around.journal(
        Outcome(
            step=step.key,
            recorded=_left_behind(step, change, around) if isinstance(result, Failed) else result,
            failure=_told(result) if isinstance(result, Failed) else None,
            at=clock.now(),
        )
    )
    return result


def _step(node: Node, change: Change, applied: Mapping[Address, Recorded], around: Surroundings) -> Step | Failed:
    """The step with every Output resolved. A replacement that creates first gives its create the old object as prior."""
    desired = None if node.action in (Action.delete, Action.forget) else change.desired
    if desired is not None:
        desired = resolved(desired, applied)
        if missing := outputs_in(desired.properties):
            return Failed(
                detail=f"{missing[0]} is not known after it was applied", remedy="report this to the provider's authors"
            )
    deletes_first = change.action is Action.replace and not change.create_first
    return Step(
        action=node.action,
        key=f"{around.owner.lineage}:{around.serial}:{node.address}:{node.verb}",
        address=node.address,
        owner=around.owner,
        desired=desired,
        prior=None if deletes_first and node.action is Action.create else change.live,
    )


def resolved(resource: Resource, applied: Mapping[Address, Recorded]) -> Resource:
    """The resource with its Outputs read from what was applied; one that is not there stays an Output."""

    def known(output: Output) -> object:
        record = applied.get(output.address)
        return output if record is None else record.outputs.get(output.attribute, output)

    return replace(resource, properties={name: resolve(value, known) for name, value in resource.properties.items()})


def _call(step: Step, change: Change, around: Surroundings, waiting: Waiting) -> Recorded | Failed | None:
    if step.action is Action.forget:
        return None
    target = change.target if step.desired else _recorded_target(change)
    try:
        kind, schema = kind_of(around.connections, target, step.address.kind)
        pending = _begin(kind, step, waiting)
        around.journal(Operation(step=step.key, pending=pending, at=waiting.clock.now()))
        ended = wait(kind, pending, waiting)
        if isinstance(ended, Failed):
            return ended
        if step.desired is None:
            return read_gone(kind, step.prior.ref if step.prior else pending.ref, waiting)
        live = read_back(kind, schema, step.desired, ended.ref, waiting)
        return live if isinstance(live, Failed) else record(step.desired, step.desired.properties, target, live)
    except InfractlError as error:
        return _failed(error)
    except Exception as error:  # noqa: BLE001 - a plugin's own bug ends as a failed step, so that the others are still recorded
        return Failed(
            detail=f"the provider broke: {type(error).__name__}: {error}", remedy="report this to the provider's authors"
        )


def _left_behind(step: Step, change: Change, around: Surroundings) -> Recorded | None:
    """What is recorded after a failure: the record as it was, or the object of a create that is there all the same."""
    kept = change.recorded if step.prior else None
    if step.action is not Action.create or step.desired is None:
        return change.recorded
    try:
        kind, _ = kind_of(around.connections, change.target, step.address.kind)
        live = find_new(kind, step.owner, step.address, step.prior.ref if step.prior else None)
    except InfractlError:
        # It cannot be looked up now; the next run finds it by its labels.
        return kept
    return record(step.desired, kind.managed(step.desired, live), change.target, live) if live else kept


def find_new(kind: Kind, owner: Owner, address: Address, old: Ref | None) -> Live | None:
    """The object at `address` that carries the owner's labels and is not the old one, which a replacement labels alike."""
    return next((x for x in kind.find(owner) if owner.owns(x.labels) == address and x.ref != old), None)


def _begin(kind: Kind, step: Step, waiting: Waiting) -> Pending:
    """Begin, and again after a growing, jittered pause where the provider says that it may succeed later."""
    for attempt in range(1, TRIES):
        try:
            return kind.begin(step)
        except TransientProviderError as error:
            waiting.tell(f"try {attempt} of {TRIES} failed: {error}")
            waiting.clock.sleep(random.uniform(0.5, 1.0) * 2 ** (attempt - 1))
    return kind.begin(step)


def record(desired: Resource, properties: Properties, target: str, live: Live) -> Recorded:
    """The record of an object that lives as `live` and was applied with `properties`."""
    return Recorded(
        address=desired.address,
        target=target,
        ref=live.ref,
        properties=properties,
        outputs=live.properties,
        depends_on=desired.depends_on,
    )


def _recorded_target(change: Change) -> str:
    return change.recorded.target if change.recorded else change.target


def _failed(error: InfractlError) -> Failed:
    first = error.diagnostics[0]
    return Failed(detail=": ".join(part for part in (first.summary, first.detail) if part), remedy=first.remedy)


def _told(failed: Failed) -> str:
    return "; ".join(part for part in (failed.detail, failed.live) if part)
