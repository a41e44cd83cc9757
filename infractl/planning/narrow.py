"""Confines changes to some addresses and to what those need. Which addresses are meant is decided elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.plan import Change
from infractl.domain.value import outputs_in
from infractl.planning.graph import dependencies, order, steps


def narrow(changes: Sequence[Change], targets: Collection[Address]) -> tuple[tuple[Change, ...], tuple[Address, ...]]:
    """The changes at the targets and at what they need, and the addresses at which something is left to be done.

    A target needs what it depends on, what must end before its own steps, and, where it is made anew, what is turned to the
    new one: left as they are, those would refer to something that is gone. What does not change is kept.
    """
    chosen = _closed(targets, _needs(changes))
    kept = [c for c in changes if c.action is Action.no_op or (c.address in chosen and not c.deposed)]
    before = order(steps(changes))
    for node, change in steps(changes).items():
        # What was deposed goes once nothing can turn to it any more.
        if node.deposed and change.address in targets and all(n.address in chosen for n in before[node]):
            kept.append(change)
    # By identity: one address may have several deposed objects.
    ids = {id(c) for c in kept}
    left_out = {c.address: None for c in changes if id(c) not in ids}
    return tuple(c for c in changes if id(c) in ids), tuple(left_out)


def _needs(changes: Sequence[Change]) -> Mapping[Address, set[Address]]:
    """What each address needs directly."""
    there = {c.address: c for c in changes if not c.deposed}
    needs: dict[Address, set[Address]] = {address: set() for address in there}
    for node, earlier in order(steps(there.values())).items():
        needs[node.address].update(n.address for n in earlier)
    for change in there.values():
        if change.desired is None:
            continue
        needs[change.address].update(d for d in dependencies(change.desired) if d in there)
        for output in outputs_in(change.desired.properties):
            if output.address in there and there[output.address].action is Action.replace:
                needs[output.address].add(change.address)
    return needs


def _closed(targets: Collection[Address], needs: Mapping[Address, set[Address]]) -> frozenset[Address]:
    reached: set[Address] = set()
    ahead = list(targets)
    while ahead:
        address = ahead.pop()
        if address not in reached:
            reached.add(address)
            ahead += needs.get(address, ())
    return frozenset(reached)
