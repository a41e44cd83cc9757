"""The engine takes about the same time for each resource, however many there are, and for a thousand less than Terraform.

Both make as many resources of eleven fields, a tenth of them roots and the others in chains of ten, at providers that answer at
once: infractl's in a process of its own, Terraform's inside it. Of infractl, one service has them all, or services have five
each; the slower of the two counts. Each command is a process; the model was profiled and the machine calibrated before, as
Terraform was initialised. Bytes are all that a process wrote, printed lines included.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from benchmarks.scale import terraform
from benchmarks.scale.counted import Count
from benchmarks.scale.project import Project, warmed
from benchmarks.scale.terraform import Terraform
from infractl.testing.reference.cloud import running

WITH_PEER, FEW, MANY = (10, 100, 1000), 1000, 5000
QUICK = (10, 100)
ROUNDS = {10: 7, 100: 3}
SHAPES = {"one service": None, "fives": 5}
"""How many resources a service has; None: all of them."""
PEER = "terraform"

Found = dict[tuple[str, int, str], Count]
"""The fastest run of each step, by who made it and of how many resources."""


class Subject(Protocol):
    def apply(self) -> Count: ...
    def plan(self) -> Count: ...
    def change(self) -> None: ...
    def destroy(self) -> Count: ...


def measure(quick: bool) -> Iterator[Figure]:
    found: Found = {}
    print(f"Terraform {terraform.version()}" if terraform.PROGRAM else terraform.NOT_HERE)
    with TemporaryDirectory() as name:
        cache = warmed(Path(name))
        for resources in QUICK if quick else (*WITH_PEER, MANY):
            for _ in range(ROUNDS.get(resources, 1)):
                _round(found, resources, cache)
            _tell(found, resources)
    yield from _figures(found, quick)


def _round(found: Found, resources: int, cache: Path) -> None:
    """Everybody's life from nothing to nothing, each in a folder that is new."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        if terraform.PROGRAM and resources in WITH_PEER:
            _live(found, PEER, resources, Terraform(folder / PEER, resources))
        for number, (shape, size) in enumerate(SHAPES.items()):
            each = size or resources
            with running(folder / f"cloud-{number}") as cloud:
                project = Project(folder / f"project-{number}", cloud.directory, cache, resources // each, each)
                _live(found, shape, resources, project)


def _live(found: Found, who: str, resources: int, subject: Subject) -> None:
    _keep(found, (who, resources, "apply"), subject.apply())
    _keep(found, (who, resources, "no-op plan"), subject.plan())
    subject.change()
    _keep(found, (who, resources, "one change"), subject.plan())
    _keep(found, (who, resources, "destroy"), subject.destroy())


def _keep(found: Found, key: tuple[str, int, str], count: Count) -> None:
    if key not in found or count.seconds < found[key].seconds:
        found[key] = count


def _tell(found: Found, resources: int) -> None:
    for (who, count, step), run in found.items():
        if count == resources:
            print(
                f"{resources:5} resources, {who:12} {step:10} {run.seconds:8.2f} s {run.cpu_s:8.2f} s CPU"
                f" {run.peak_bytes / 2**20:5.0f} MiB at most {run.written_bytes / 2**20:9.2f} MiB written",
                flush=True,
            )


def _figures(found: Found, quick: bool) -> Iterator[Figure]:
    yield _against(found, "apply_10_vs_terraform", 10, "apply", ">= 0.333")
    yield _against(found, "apply_100_vs_terraform", 100, "apply", ">= 3")
    yield _against(found, "noop_100_vs_terraform", 100, "no-op plan")
    if quick:
        return
    yield _against(found, "apply_1000_vs_terraform", 1000, "apply", ">= 10")
    yield _against(found, "noop_1000_vs_terraform", 1000, "no-op plan", ">= 5")
    yield _against(found, "one_change_1000_vs_terraform", 1000, "one change")
    yield _against(found, "destroy_1000_vs_terraform", 1000, "destroy")
    yield _growth(found, "apply_5000_over_1000", "apply", "<= 6")
    yield _growth(found, "noop_5000_over_1000", "no-op plan")
    yield _growth(found, "destroy_5000_over_1000", "destroy")
    for step in ("apply", "no-op plan"):
        most = max(found[shape, MANY, step].peak_bytes for shape in SHAPES)
        yield Figure(name=f"peak_memory_{step.split()[0].replace('-', '')}_5000", value=most, unit="bytes")
    written = max(found[shape, MANY, "apply"].written_bytes for shape in SHAPES)
    yield Figure(name="written_apply_5000", value=written, unit="bytes")


def _against(found: Found, name: str, resources: int, step: str, goal: str = "") -> Figure:
    """Terraform's seconds over ours, where we are slower of the two shapes."""
    peer = found.get((PEER, resources, step))
    if peer is None:
        return Figure(name=name, value=None, unit="ratio", goal=goal, why=terraform.NOT_HERE)
    ours = max(found[shape, resources, step].seconds for shape in SHAPES)
    return Figure(name=name, value=peer.seconds / ours, unit="ratio", goal=goal)


def _growth(found: Found, name: str, step: str, goal: str = "") -> Figure:
    ratios = [found[shape, MANY, step].seconds / found[shape, FEW, step].seconds for shape in SHAPES]
    return Figure(name=name, value=max(ratios), unit="ratio", goal=goal)


if __name__ == "__main__":
    start(measure, __doc__)
