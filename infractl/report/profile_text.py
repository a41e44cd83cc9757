"""An ONNX model's profile as people read it: what it takes and costs, by layer, by operator, and as the engine runs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from infractl.domain.profile import Execution, ModelProfile
from infractl.report.amount_text import bytes_of, flops_of, given, share_text
from infractl.report.diagnostic import visible
from infractl.report.profile_group import MOST_LAYERS, Group, by_layer, by_operator, summed, total
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.report.value_text import counted
from infractl.tensors import TensorSpec
from infractl.units import format_bytes

USUAL = 128
"""What a dimension besides the batch counts as where shares and the peak need a size and none is given."""

_MOST_TENSORS, _MOST_EXECUTED = 8, 15


class By(StrEnum):
    layer = "layer"
    operator = "operator"


def usual_sizes(profile: ModelProfile, at: Mapping[str, int]) -> Mapping[str, float]:
    """A size for each dimension: the one that was asked for, else 1 for the batch and `USUAL` for others."""
    return {name: float(at.get(name, 1 if name == profile.batch else USUAL)) for name in profile.dimensions}


def profile_text(profile: ModelProfile, name: str, at: Mapping[str, int], by: By | None, style: Style) -> str:
    """With `at` the dimensions that have a size there are filled in, and the others stay as names. `by` picks one table."""
    sizes = usual_sizes(profile, at)
    lines = [style.bold(f"{visible(name)}: {profile.format}, {format_bytes(profile.size_bytes)}, sha256:{profile.digest[:12]}")]
    lines += ["", *_facts(profile, at, sizes)]
    if len(at) < len(sizes):
        needing = "Shares and the peak" if profile.live_bytes else "Shares"
        lines += ["", style.dim(f"  {needing} are at {_sizes(sizes)}: --at chooses others.")]
    layers, types = by_layer(profile.given.operators), by_operator(profile.given.operators, sizes)
    if by is not By.operator:
        lines += ["", style.bold("By layer"), *_groups("layer", layers, at, sizes)]
    if by is not By.layer:
        lines += ["", style.bold("By operator"), *_groups("operator", types, at, sizes)]
    if profile.executed is not None:
        lines += ["", *_executed(profile.given, profile.executed, at, sizes, style)]
    return "\n".join(lines) + "\n"


def _facts(profile: ModelProfile, at: Mapping[str, int], sizes: Mapping[str, float]) -> Iterator[str]:
    flops, traffic = (given(count, at) for count in (profile.flops, profile.activation_bytes))
    yield from _tensors("takes", profile.signature.inputs)
    yield from _tensors("gives", profile.signature.outputs)
    yield _fact("parameters", f"{profile.parameters:,}")
    yield _fact("weights", format_bytes(profile.weights_bytes))
    names = ", ".join(f"{visible(n)}={at[n]:,}" if n in at else visible(n) for n in profile.dimensions)
    joined = f"; requests are joined along {visible(profile.batch)}" if profile.batch else "; requests are not joined"
    yield _fact("dimensions", f"{names or 'none'}{joined}")
    yield _fact("compute", flops_of(flops, sizes))
    yield _fact("traffic", f"{bytes_of(traffic, sizes)}, activations read and written")
    if profile.live_bytes:
        yield _fact("peak", f"{format_bytes(profile.peak_bytes(sizes))} of activations alive at once")
    if profile.given.uncosted:
        names = ", ".join(f"{visible(operator)} ({count})" for operator, count in profile.given.uncosted)
        yield _fact("not costed", f"{names}: the sums are floors")
    if profile.given.bounded:
        yield _fact("by a bound", f"{', '.join(map(visible, profile.given.bounded))}: the dearer branch, the most rounds")


def _fact(name: str, text: str) -> str:
    return f"  {name:<12}{text}".rstrip()


def _tensors(name: str, tensors: Sequence[TensorSpec]) -> Iterator[str]:
    for index, tensor in enumerate(tensors[:_MOST_TENSORS]):
        yield _fact("" if index else name, visible(f"{tensor.name} {tensor.dtype} [{', '.join(map(str, tensor.shape))}]"))
    if len(tensors) > _MOST_TENSORS:
        yield _fact("", f"and {len(tensors) - _MOST_TENSORS} more")


def _sizes(sizes: Mapping[str, float]) -> str:
    return ", ".join(f"{visible(name)}={size:,.0f}" for name, size in sizes.items())


def _groups(sort: str, groups: Sequence[Group], at: Mapping[str, int], sizes: Mapping[str, float]) -> list[str]:
    whole = total(group.flops for group in groups).at(sizes)
    rows = [
        (
            visible(group.name),
            f"{group.nodes:,}",
            share_text(group.flops.at(sizes), whole),
            flops_of(given(group.flops, at), sizes),
            format_bytes(group.weight_bytes),
            bytes_of(given(group.activation_bytes, at), sizes),
        )
        for group in summed(groups, MOST_LAYERS, sizes)
    ]
    return table((sort, "nodes", "share", "compute", "weights", "activations"), rows, right=(1, 2))


def _executed(
    before: Execution, executed: Execution, at: Mapping[str, int], sizes: Mapping[str, float], style: Style
) -> Iterator[str]:
    """The operators of the optimized graph, the count of each beside that in the file."""
    given_counts = {group.name: group.nodes for group in by_operator(before.operators, sizes)}
    groups = by_operator(executed.operators, sizes)
    nodes = sum(group.nodes for group in groups) + sum(count for _, count in executed.uncosted)
    yield style.bold(f"As the engine runs it: {counted(nodes, 'node')}")
    shown = summed(groups, _MOST_EXECUTED, sizes)
    whole = total(group.flops for group in shown).at(sizes)
    rows = [
        (
            visible(group.name),
            f"{group.nodes:,}",
            f"{given_counts.get(group.name, 0):,}" if group in groups else "",
            share_text(group.flops.at(sizes), whole),
            flops_of(given(group.flops, at), sizes),
        )
        for group in shown
    ]
    rows += [(visible(operator), f"{count:,}", "", "", "not costed") for operator, count in executed.uncosted]
    yield from table(("operator", "nodes", "in the file", "share", "compute"), rows, right=(1, 2, 3))
