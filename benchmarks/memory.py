"""The real server takes at the most, from its start to its answers, the memory that a plan says, and no more than its high end.

Models of many shapes, in servers of their own: at batch 1 and 32, and with two sessions, asked over HTTP. The rule was set on
other models, by `python -m benchmarks.models.memory_rule`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from benchmarks.models.collection import judged
from benchmarks.models.resident import Replica, Shape, replicas
from infractl.placement.memory import RULE
from infractl.units import format_bytes

_QUICK = (Shape(batch=1), Shape(batch=32), Shape(batch=32, instances=2))
_LARGE_SHARE = 0.2
"""Of the server by itself: where models add less, what they add is not judged apart from it."""
_FULL = (*_QUICK, Shape(batch=8), Shape(batch=1, instances=2), Shape(batch=8, instances=4))


def measure(quick: bool) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        # Profiles are made anew as well.
        os.environ["INFRACTL_CACHE"] = folder
        found = list(_told(replicas(judged(Path(folder)), _QUICK if quick else _FULL)))
    yield from _figures(found)


def _told(found: Iterator[Replica]) -> Iterator[Replica]:
    for replica in found:
        low, value, high = map(format_bytes, _ends(replica))
        shape = f"{replica.name:14} batch {replica.shape.batch:2} on {replica.shape.instances}"
        now = f"{format_bytes(replica.most_bytes):>8}, {format_bytes(replica.resident_bytes):>8} at the end"
        held = "held" if _is_held(replica) else "NOT HELD"
        print(
            f"{shape}  predicted {value:>8} ({low} to {high})".ljust(70),
            f"measured {now}  {replica.ratio:4.2f}  {held}",
            flush=True,
        )
        yield replica


def _ends(replica: Replica) -> tuple[float, float, float]:
    predicted = replica.predicted()
    return predicted.low, predicted.value, predicted.high


def _is_held(replica: Replica) -> bool:
    low, _, high = _ends(replica)
    return low <= replica.most_bytes <= high


def _figures(found: Sequence[Replica]) -> Iterator[Figure]:
    def share(held: Sequence[bool]) -> float:
        return sum(held) / len(held)

    errors = [abs(replica.ratio - 1) for replica in found]
    added = [(replica.predicted().value - RULE.server_bytes, replica.most_bytes - RULE.server_bytes) for replica in found]
    added_errors = [abs(predicted / measured - 1) for predicted, measured in added if measured > _LARGE_SHARE * RULE.server_bytes]
    fits = [replica.most_bytes <= replica.predicted().high for replica in found]
    widths = [replica.predicted().high / replica.predicted().low for replica in found]
    yield Figure(name="memory_median_error", value=median(errors), unit="share", goal="<= 0.15")
    yield Figure(name="memory_added_median_error", value=median(added_errors), unit="share", goal="<= 0.25")
    yield Figure(name="memory_worst_ratio", value=max(max(r.ratio, 1 / r.ratio) for r in found), unit="ratio", goal="<= 1.4")
    yield Figure(name="memory_interval_coverage", value=share([_is_held(r) for r in found]), unit="share", goal=">= 0.9")
    yield Figure(name="memory_high_held", value=share(fits), unit="share", goal=">= 1")
    yield Figure(name="memory_interval_width", value=median(widths), unit="ratio", goal="<= 2")


if __name__ == "__main__":
    start(measure, __doc__, ("onnxruntime", "scikit-learn", "numpy"))
