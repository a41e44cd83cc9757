"""The three-way diff: what is wanted, what was recorded, and what lives, as one change for each address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from infractl.domain.action import Action
from infractl.domain.address import Address, service_in, unlabelled
from infractl.domain.plan import AttributeChange, Cause, Change
from infractl.domain.resource import Live, Orphan, Recorded, Ref, Resource
from infractl.domain.value import Output, Properties, SecretRef, resolve
from infractl.errors import ProviderError
from infractl.planning.attribute import attribute_changes
from infractl.planning.graph import dependencies, sorted_resources
from infractl.planning.leave import laid, left, needed_changes
from infractl.provider.schema import Replacement, Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class KindView:
    """What diff needs of a kind: its schema, and the live object in desired's terms (pure)."""

    schema: Schema
    managed: Callable[[Resource, Live], Properties]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """A wanted resource and the target that it is wanted at."""

    resource: Resource
    target: str


def diff(
    desired: Sequence[Desired],
    recorded: Sequence[Recorded],
    live: Mapping[Address, Live],
    kinds: Mapping[tuple[str, str], KindView],
    foreign: Collection[Address] = (),
    anew: Collection[Address] = (),
) -> tuple[Change, ...]:
    """One change for each address that is wanted or recorded: the wanted ones in dependency order, then the others.

    What is recorded at the `foreign` addresses is there, and is not the service's any more: as good as gone, and told so. What is
    recorded and lives at the addresses of `anew` is replaced, whether or not it differs.

    Raises ProviderError where a provider asks for a sensitive value in clear, or for a circle of dependencies.
    `kinds` are keyed by target and kind. An Output of a resource that stays is resolved: what it feeds is compared by value.
    """
    before = {r.address: r for r in recorded}
    targets = {d.resource.address: d.target for d in desired}
    changes: dict[Address, Change] = {}
    for resource in sorted_resources([d.resource for d in desired]):
        target = targets[resource.address]
        kind = kinds[target, resource.address.kind]
        _refuse_clear_secrets(resource, kind.schema)
        resolved = _resolved(resource, changes)
        change = _wanted(resolved, target, before.get(resource.address), live.get(resource.address), kind)
        if resource.address in anew:
            change = _asked_for(change, kind.schema)
        changes[resource.address] = _in_step(change, changes)
    unwanted = [_unwanted(r, live.get(r.address)) for r in recorded if r.address not in targets]
    found = (*changes.values(), *sorted(unwanted, key=lambda c: c.address))
    return tuple(_lost(c) if c.address in foreign else c for c in found)


def _asked_for(change: Change, schema: Schema) -> Change:
    if change.recorded is None or change.live is None:
        return change
    return replace(
        change,
        action=Action.replace,
        reasons=("asked for", *change.reasons),
        create_first=change.create_first or schema.replacement is Replacement.create_first,
    )


def _resolved(resource: Resource, changes: Mapping[Address, Change]) -> Resource:
    """The resource with every Output that is known already; its dependencies are kept, since Outputs vanish."""

    def known(output: Output) -> object:
        change = changes.get(output.address)
        if change is None or change.live is None or change.action in (Action.create, Action.replace):
            return output
        if change.desired and output.attribute in change.desired.properties:
            return change.desired.properties[output.attribute]
        return change.live.properties.get(output.attribute, output)

    return Resource(
        address=resource.address,
        properties={name: resolve(value, known) for name, value in resource.properties.items()},
        depends_on=dependencies(resource),
        ignores=resource.ignores,
    )


def _wanted(desired: Resource, target: str, recorded: Recorded | None, live: Live | None, kind: KindView) -> Change:
    if recorded is not None and recorded.target != target:
        return _moved(desired, target, recorded, live)
    if live is None:
        reason = "new" if recorded is None else "it was deleted outside infractl"
        return Change(
            address=desired.address, target=target, action=Action.create, reasons=(reason,), desired=desired, recorded=recorded
        )
    managed, before = kind.managed(desired, live), recorded.properties if recorded else None
    stays = left(desired, managed, before, kind.schema)
    kept = replace(desired, properties=laid(desired, managed, kind.schema))
    attributes = attribute_changes(kept.properties, managed, before, kind.schema)
    action, adopted, renamed = _action(attributes), tuple[str, ...](), False
    if recorded is None:
        adopted = ("it carries this service's labels and was not recorded: adopted",)
    elif not recorded.labelled or unlabelled(live.labels):
        renamed = kind.schema.named_by_service and service_in(live.labels) not in ("", desired.address.service)
        adopted = (_unlabelled(recorded, live, renamed=renamed),)
        action = Action.replace if renamed else Action.update if action is Action.no_op else action
    elif action is Action.no_op and _outdated(desired, recorded, kind.schema):
        adopted = ("it is as declared already, and is recorded otherwise",)
    if adopted and action is Action.no_op:
        action = Action.adopt
    return Change(
        address=desired.address,
        target=target,
        action=action,
        reasons=adopted + _reasons(attributes),
        attributes=attributes,
        left=stays,
        desired=kept,
        recorded=recorded,
        live=live,
        # Under another name the new object stands beside the old one, whatever the kind does else.
        create_first=action is Action.replace and (renamed or kind.schema.replacement is Replacement.create_first),
    )


def _unlabelled(recorded: Recorded, live: Live, *, renamed: bool) -> str:
    before = service_in(live.labels)
    if not before:
        return f"{'it lost its labels' if recorded.labelled else 'it was imported'}, and gets this service's labels"
    return f"moved from {before}, {'after which it is named' if renamed else 'and gets the labels of the new name'}"


def _lost(change: Change) -> Change:
    """Nobody deleted it: its labels are another owner's now."""
    moved = change.recorded is not None and change.recorded.target != change.target
    return change if moved else replace(change, reasons=("what is recorded is not this service's any more",))


def _outdated(desired: Resource, recorded: Recorded, schema: Schema) -> bool:
    """Somebody made what lives so before it was declared: left alone, the record would tell of drift for ever."""
    return bool(needed_changes(desired, recorded.properties, recorded.properties, schema))


def _refuse_clear_secrets(resource: Resource, schema: Schema) -> None:
    for name, value in resource.properties.items():
        if schema.of(name).sensitive and not isinstance(value, SecretRef):
            raise ProviderError.of(
                "secret-in-clear",
                summary="a provider puts a sensitive value into a plan",
                detail=f"{resource.address}.{name} must be a reference to a secret",
                remedy="report this to the provider's authors",
            )


def deposed_changes(deposed: Sequence[Recorded], live: Mapping[tuple[str, Ref], Live]) -> tuple[Change, ...]:
    """What is still to be done about objects that were replaced: they go, once nothing turns to them any more."""
    return tuple(replace(_unwanted(r, live.get((r.target, r.ref))), reasons=("it was replaced",), deposed=True) for r in deposed)


def orphan_changes(orphans: Sequence[Orphan]) -> tuple[Change, ...]:
    """The deletion of what carries the service's labels and is not recorded: only a destroy asks for it."""
    reason = "it carries this service's labels, and is not recorded"
    return tuple(
        Change(address=o.address, target=o.target, action=Action.delete, reasons=(reason,), live=o.live) for o in orphans
    )


def _in_step(change: Change, others: Mapping[Address, Change]) -> Change:
    """A replacement deletes first where something that it depends on does: its old object would outlive what it uses."""
    needs = change.desired.depends_on if change.desired else ()
    needs += change.recorded.depends_on if change.recorded else ()
    found = (others[address] for address in needs if address in others)
    deletes_first = any(c.action is Action.replace and not c.create_first for c in found)
    return replace(change, create_first=False) if deletes_first else change


def _moved(desired: Resource, target: str, recorded: Recorded, live: Live | None) -> Change:
    """Another target is another cloud: the new object is made before the old one goes."""
    return Change(
        address=desired.address,
        target=target,
        action=Action.replace if live else Action.create,
        reasons=(f"the target changes from {recorded.target} to {target}",),
        desired=desired,
        recorded=recorded,
        live=live,
        create_first=True,
    )


def _unwanted(recorded: Recorded, live: Live | None) -> Change:
    action, reason = (Action.forget, "it is gone already") if live is None else (Action.delete, "it is not wanted any more")
    return Change(
        address=recorded.address, target=recorded.target, action=action, reasons=(reason,), recorded=recorded, live=live
    )


def _action(attributes: Sequence[AttributeChange]) -> Action:
    if not attributes:
        return Action.no_op
    return Action.replace if any(a.replaces for a in attributes) else Action.update


def _reasons(attributes: Sequence[AttributeChange]) -> tuple[str, ...]:
    """The causes in words, each once, with the paths that they concern."""
    words = {
        Cause.config: "the configuration changed",
        Cause.drift: "it was changed outside infractl",
        Cause.replaced: "what it refers to is made anew",
    }
    return tuple(
        f"{words[cause]}: {', '.join(paths)}" for cause in Cause if (paths := [a.path for a in attributes if a.cause is cause])
    )
