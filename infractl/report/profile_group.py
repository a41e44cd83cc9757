"""A profile's operators summed up: by layer, as the exporter named them, and by operator type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from infractl.domain.polynomial import Polynomial
from infractl.domain.profile import OperatorCost
from infractl.domain.work import Family

MOST_LAYERS = 30
"""Lines of a table that a person reads as a whole."""

_NAMED_SHARE = 0.5
"""Scopes are used where at least this share of the operators has one."""

_LEADING = frozenset({Family.product, Family.convolution, Family.depthwise, Family.recurrent, Family.tree})
"""An operator of these with weights begins a layer where names tell none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Operators summed up. `weight_bytes` are read: what two of them share counts twice here, and once in the profile's total."""

    name: str
    nodes: int
    flops: Polynomial
    weight_bytes: float
    activation_bytes: Polynomial


def by_operator(operators: Sequence[OperatorCost], sizes: Mapping[str, float]) -> tuple[Group, ...]:
    """One group for each operator type, the one with most operations first."""
    groups = _grouped(operators, (operator.operator for operator in operators))
    return tuple(sorted(groups, key=lambda g: (-g.flops.at(sizes), -g.activation_bytes.at(sizes), g.name)))


def by_layer(operators: Sequence[OperatorCost]) -> tuple[Group, ...]:
    """By the exporter's scopes, `/encoder/layer.0/attention/MatMul`, as deep as gives no more than a table's lines.

    Where operators have no scopes, a layer is a weighted operator with what follows it.
    """
    scopes = [_scope(operator.name) for operator in operators]
    if sum(map(bool, scopes)) < max(1, _NAMED_SHARE * len(scopes)):
        return _grouped(operators, _leaders(operators))
    deepest = max(map(len, scopes))
    depth = max((d for d in range(1, deepest + 1) if len({scope[:d] for scope in scopes}) <= MOST_LAYERS), default=1)
    return _grouped(operators, ("/" + "/".join(scope[:depth]) for scope in scopes))


def summed(groups: Sequence[Group], most: int, sizes: Mapping[str, float]) -> tuple[Group, ...]:
    """At most so many: the dearest in their order, and one that holds the others together."""
    if len(groups) <= most:
        return tuple(groups)
    ranked = sorted(groups, key=lambda g: (-g.flops.at(sizes), -g.weight_bytes - g.activation_bytes.at(sizes)))
    kept = {id(group) for group in ranked[: most - 1]}
    rest = [group for group in groups if id(group) not in kept]
    return (*(group for group in groups if id(group) in kept), _sum(f"{len(rest)} others", rest))


def _scope(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.split("/") if part)[:-1]


def _leaders(operators: Sequence[OperatorCost]) -> list[str]:
    """For each operator the name of the weighted one that it follows; what comes before the first is the input's."""
    leader, names, leading = "before the first layer", [], 0
    for operator in operators:
        if operator.weight_bytes and operator.family in _LEADING:
            leading += 1
            leader = f"{leading} {operator.operator} {operator.name}".rstrip()
        names.append(leader)
    return names


def _grouped(operators: Iterable[OperatorCost], names: Iterable[str]) -> tuple[Group, ...]:
    """Those of one name together, in the order of each name's first."""
    found: dict[str, list[Group]] = {}
    for operator, name in zip(operators, names, strict=True):
        one = Group(
            name=name,
            nodes=1,
            flops=operator.flops,
            weight_bytes=operator.weight_bytes,
            activation_bytes=operator.activation_bytes,
        )
        found.setdefault(name, []).append(one)
    return tuple(_sum(name, groups) for name, groups in found.items())


def _sum(name: str, groups: Sequence[Group]) -> Group:
    return Group(
        name=name,
        nodes=sum(g.nodes for g in groups),
        flops=total(g.flops for g in groups),
        weight_bytes=sum(g.weight_bytes for g in groups),
        activation_bytes=total(g.activation_bytes for g in groups),
    )


def total(counts: Iterable[Polynomial]) -> Polynomial:
    """Their sum, each term added up in place: a thousand sums of pairs would copy as many mappings."""
    terms: dict[tuple[str, ...], float] = {}
    for count in counts:
        for term, coefficient in count.terms.items():
            terms[term] = terms.get(term, 0.0) + coefficient
    return Polynomial(terms)
