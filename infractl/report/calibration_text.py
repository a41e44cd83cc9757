"""A calibration as people read it: the machine, whether it still is that one, and how fast it computes and serves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infractl.domain.calibration import Calibration, FactChange, KeptCalibration
from infractl.domain.figure import Figure, quantity_text
from infractl.domain.work import Family
from infractl.report.amount_text import flops_text, rate_text
from infractl.report.calibration_group import (
    LEAST_LARGE_BYTES,
    LEAST_LARGE_FLOPS,
    LEAST_MEDIUM_BYTES,
    LEAST_MEDIUM_FLOPS,
    SHORT_S,
    Gain,
    Length,
    Size,
    Throughput,
    gains,
    throughputs,
    unit_of,
)
from infractl.report.diagnostic import visible
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.tensors import Dtype
from infractl.units import format_bytes, format_duration

_OWN_LINES = ("cores", "memory", "features", "system")
"""Facts with a line of their own; the chip is in the title, and the others are the software."""

_GIGA = 1e9


def calibration_text(kept: KeptCalibration, style: Style) -> str:
    calibration = kept.calibration
    lines = [style.bold(f"{visible(calibration.chip)}: calibrated {calibration.at:%Y-%m-%d %H:%M} UTC"), ""]
    lines += [*_machine(calibration), _fact("kept in", visible(kept.path)), *_validity(kept, style)]
    lines += ["", style.bold("The engine, on one thread"), *_engine(calibration)]
    if shown := throughputs(calibration.kernels):
        lines += ["", style.bold("Operators on one thread: the median, and where the middle half lies")]
        lines += [*_throughputs(shown), *(style.dim(f"  {line}") for line in _SIZES)]
    if gained := gains(calibration.kernels):
        lines += ["", style.bold("How many times faster operators are on more threads"), *_gains(gained)]
        lines += [style.dim(f"  short: under {format_duration(SHORT_S)} on one thread")]
    lines += ["", style.bold("The server, with a model that computes nothing"), *_server(calibration)]
    return "\n".join(lines) + "\n"


def change_text(change: FactChange) -> str:
    """`onnxruntime was 1.22.0 and is 1.23.0`."""
    if change.then is None:
        return f"{change.name} is {change.now}, and was not named then"
    if change.now is None:
        return f"{change.name} was {change.then}, and is not named any more"
    return f"{change.name} was {change.then} and is {change.now}"


def _fact(name: str, text: str) -> str:
    return f"  {name:<10}{text}".rstrip()


def _machine(calibration: Calibration) -> Iterator[str]:
    machine = calibration.machine
    for name in _OWN_LINES:
        if name in machine:
            yield _fact(name, visible(machine[name]))
    rest = [f"{name} {each}" for name, each in machine.items() if name not in (*_OWN_LINES, "chip")]
    yield _fact("software", visible(", ".join(rest)))


def _validity(kept: KeptCalibration, style: Style) -> Iterator[str]:
    if not kept.usable:
        reasons = [change_text(change) for change in kept.changes]
        reasons += ["infractl measures in another way now"] if kept.outdated else []
        reasons += (
            ["it was made while other work kept the machine busy, and is used for a short while only"] if kept.expired else []
        )
        yield _fact("valid", f"{style.red('no')}, the next plan calibrates anew:")
        yield from (_fact("", visible(reason)) for reason in reasons)
    elif kept.until is not None:
        yield _fact(
            "valid", f"{style.yellow(f'until {kept.until:%H:%M} UTC')}: other work kept the machine busy, which makes it seem"
        )
        yield _fact("", "slower than it is; calibrate again when it is quiet")
    else:
        yield _fact("valid", f"{style.green('yes')}, for plans on this machine")


def _engine(calibration: Calibration) -> list[str]:
    cached = format_bytes(calibration.cached_bytes)
    return _figures(
        [
            ("memory", calibration.bandwidth_bytes_per_s, "reading weights that no cache keeps"),
            ("cache", calibration.cached_bandwidth_bytes_per_s, f"reading weights of up to {cached}"),
            ("compute", calibration.flops_per_s, "fp32 matrix products of 16 to 128 rows"),
            ("call", calibration.call_s, "whatever the model"),
            ("node", calibration.operator_s, "each operator in it, whatever its size"),
        ]
    )


def _server(calibration: Calibration) -> list[str]:
    return _figures(
        [
            ("request", calibration.request_s, "what it adds to one that meets no other, from p5 to p99"),
            ("value", calibration.value_s, "each number in a request adds"),
            ("single", calibration.requests_per_s, "at most, one request a call of the engine"),
            ("joined", calibration.joined_per_s, f"at most, up to {calibration.joined} requests a call"),
        ]
    )


def _figures(rows: Sequence[tuple[str, Figure, str]]) -> list[str]:
    cells = [(name, *_between(figure), says + _notes(figure)) for name, figure, says in rows]
    return table(("", "value", "low-high", ""), cells)


def _between(figure: Figure) -> tuple[str, str]:
    """`14.9 GB/s` and `14.8-15 GB/s`."""
    value, low, high = (
        rate_text(each, figure.unit) if figure.unit in ("B/s", "FLOP/s") else quantity_text(each, figure.unit)
        for each in (figure.value, figure.low, figure.high)
    )
    unit = high.lstrip("0123456789.,")
    return value, f"{low.removesuffix(unit) if low.lstrip('0123456789.,') == unit else low}-{high}"


def _notes(figure: Figure) -> str:
    """What stands behind a figure's source: why it is a floor, and what disturbed it."""
    _, mark, notes = figure.source.partition(";")
    return mark + notes


def _throughputs(shown: Sequence[Throughput]) -> list[str]:
    rows: dict[tuple[Family, Dtype], dict[Size, str]] = {}
    for each in shown:
        value, low, high = (_giga(part) for part in (each.figure.value, each.figure.low, each.figure.high))
        rows.setdefault((each.family, each.dtype), {})[each.size] = f"{value} ({low}-{high})"
    cells = [
        (family.value, dtype.value.lower(), f"G{unit_of(family)}", *(sizes.get(size, "-") for size in Size))
        for (family, dtype), sizes in rows.items()
    ]
    return table(("operator", "type", "unit", *(size.value for size in Size)), cells)


_SIZES = (
    f"small: under {flops_text(LEAST_MEDIUM_FLOPS)}, or {format_bytes(LEAST_MEDIUM_BYTES)} read and written; large: from "
    f"{flops_text(LEAST_LARGE_FLOPS)}, or {format_bytes(LEAST_LARGE_BYTES)};",
    "a comparison in a tree counts as 1,000 there",
)


def _gains(shown: Sequence[Gain]) -> list[str]:
    counts = sorted({each.threads for each in shown})
    rows: dict[tuple[Family, Dtype], dict[tuple[int, Length], str]] = {}
    for each in shown:
        rows.setdefault((each.family, each.dtype), {})[each.threads, each.length] = f"{each.figure.value:.2f}×"
    columns = [(threads, length) for threads in counts for length in Length]
    cells = [
        (family.value, dtype.value.lower(), *(found.get(column, "-") for column in columns))
        for (family, dtype), found in rows.items()
    ]
    heads = [f"{length} on {threads}" for threads, length in columns]
    return table(("operator", "type", *heads), cells, right=range(2, 2 + len(heads)))


def _giga(value: float) -> str:
    """In billions, with three digits, or all before the point."""
    scaled = value / _GIGA
    return f"{scaled:,.0f}" if scaled >= 99.5 else f"{scaled:.3g}"
