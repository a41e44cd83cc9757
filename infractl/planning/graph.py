"""The order of things: which resource needs which, and which step must end before another begins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.plan import Change
from infractl.domain.resource import Resource
from infractl.domain.value import outputs_in
from infractl.errors import ProviderError

T = TypeVar("T", Address, "Node")


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One step of a plan: an address, and what is done there. A replacement is two nodes.

    `verb` is the action as text, so that nodes sort; `deposed` the target and id of an object that stands beside the address's
    own, since it was replaced earlier or is recorded nowhere; else "". An id alone is not enough: each target gives out its own.
    """

    address: Address
    verb: str
    deposed: str = ""

    @property
    def action(self) -> Action:
        return Action(self.verb)


def dependencies(resource: Resource) -> tuple[Address, ...]:
    """What must be there before `resource`: what it names, and what its Outputs come from."""
    return tuple(sorted({*resource.depends_on, *(o.address for o in outputs_in(resource.properties))}))


def sorted_resources(resources: Sequence[Resource]) -> tuple[Resource, ...]:
    """Dependencies first, else by address. Raises ProviderError for a cycle."""
    by_address = {r.address: r for r in resources}
    edges = {r.address: [d for d in dependencies(r) if d in by_address] for r in resources}
    return tuple(by_address[a] for a in ordered(edges))


def steps(changes: Iterable[Change]) -> dict[Node, Change]:
    """Every node of the changes, with the change that it belongs to."""
    return {node: change for change in changes for node in _nodes(change)}


def order(nodes: Mapping[Node, Change]) -> dict[Node, frozenset[Node]]:
    """For each node the nodes that must end first.

    - What is made or changed follows what it depends on.
    - What is deleted follows the deletion of everything that depended on it, and the steps that turn the rest of what
      depended on it to something else. The latter gives way where it would close a circle: what is replaced by deleting
      first cannot wait for dependants that wait for its successor.
    - What lives and is recorded nowhere may depend on anything: what is deleted follows its adoption, where that closes no
      circle.
    - What is changed in place follows the deletion of what depended on it and goes, where that closes no circle: an
      autoscaler is taken off before the size of what it scales is changed.
    - What was deposed earlier follows everything that is made, and the deletion of what depended on it.
    """
    made = {n.address: n for n in nodes if n.verb in ("create", "update", "adopt")}
    gone = {n.address: n for n in nodes if n.verb in ("delete", "forget") and not n.deposed}
    before: dict[Node, set[Node]] = {n: set(made.values()) if n.deposed else set() for n in nodes}
    wishes: list[tuple[Node, Node]] = []
    lesser = list(_around_deposed(nodes))
    for change in {c.address: c for c in nodes.values() if not c.deposed}.values():
        address = change.address
        if change.desired is not None and (node := made.get(address)):
            before[node].update(made[d] for d in dependencies(change.desired) if d in made)
        if change.action is Action.replace:
            first, second = _nodes(change)
            before[second].add(first)
        if change.recorded is None and change.live is not None and address in made:
            wishes += [(node, made[address]) for other, node in gone.items() if other != address]
        for needed in change.recorded.depends_on if change.recorded else ():
            if needed in gone and address in gone:
                before[gone[needed]].add(gone[address])
            elif needed in gone and address in made:
                wishes.append((gone[needed], made[address]))
            elif address in gone and not change.create_first and needed in made and made[needed].action is Action.update:
                lesser.append((made[needed], gone[address]))
    return {node: frozenset(needs) for node, needs in _granted(_granted(before, wishes), lesser).items()}


def _around_deposed(nodes: Mapping[Node, Change]) -> Iterator[tuple[Node, Node]]:
    """As wishes: a deposed object goes after what depended on it, and before what it depended on."""
    if not any(n.deposed for n in nodes):
        return
    going: dict[Address, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.verb in ("delete", "forget"):
            going[node.address].append(node)
    for node in (n for group in list(going.values()) for n in group):
        record = nodes[node].recorded
        for needed in record.depends_on if record else ():
            yield from ((other, node) for other in going.get(needed, ()) if other.deposed or node.deposed)


def _granted(before: Mapping[Node, set[Node]], wishes: Sequence[tuple[Node, Node]]) -> Mapping[Node, set[Node]]:
    """`before` with the wishes (a node, and what it would follow) that close no circle: all of them, nearly always."""
    if not wishes:
        return before
    granted = {node: set(needs) for node, needs in before.items()}
    for node, needed in wishes:
        granted[node].add(needed)
    if _acyclic(granted):
        return granted
    granted = {node: set(needs) for node, needs in before.items()}
    for node, needed in sorted(wishes):
        granted[node].add(needed)
        if not _acyclic(granted):
            granted[node].discard(needed)
    return granted


def _acyclic(edges: Mapping[Node, Iterable[Node]]) -> bool:
    try:
        TopologicalSorter(edges).prepare()
    except CycleError:
        return False
    return True


def _nodes(change: Change) -> tuple[Node, ...]:
    match change.action:
        case Action.no_op:
            return ()
        case Action.replace:
            verbs = ("create", "delete") if change.create_first else ("delete", "create")
            return tuple(Node(change.address, verb) for verb in verbs)
        case action:
            return (Node(change.address, action.value, _beside(change)),)


def _beside(change: Change) -> str:
    """Which object it is, where it is not the address's own."""
    if change.recorded is None:
        return f"{change.target}/{change.live.ref.id}" if change.action is Action.delete and change.live else ""
    return f"{change.recorded.target}/{change.recorded.ref.id}" if change.deposed else ""


def ordered(edges: Mapping[T, Iterable[T]]) -> tuple[T, ...]:
    """An order that the edges (each to what comes before it) allow, always the same one. Raises ProviderError for a circle."""
    sorter = TopologicalSorter(edges)
    try:
        sorter.prepare()
    except CycleError as error:
        raise ProviderError.of(
            "dependency-cycle",
            summary="resources depend on each other in a circle",
            detail=" -> ".join(str(node) for node in error.args[1]),
            remedy="report this to the provider's authors: what it compiles must have an order",
        ) from None
    result: list[T] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        result.extend(ready)
        sorter.done(*ready)
    return tuple(result)
