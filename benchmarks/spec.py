"""`infractl validate` takes time linear in the number of services.

Documents of several sorts are multiplied and loaded in processes of their own: one file each, and many to a file. How long it
takes to start is in `startup`.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from benchmarks.harness.timing import Run, interleaved

CASES = Path(__file__).parents[1] / "tests" / "cases" / "spec" / "good"
SHAPES = ("card-fraud", "feed-recommender", "nightly-scores", "photo-tagger", "similar-products", "spam-filter", "support-chat")
"""Documents of several sorts of service, long and short, as people write them."""

FEW, MANY = 1000, 5000
A_FILE_EACH, TO_A_FILE = 1, 500

LOAD = """\
import gc, json, sys, time
from pathlib import Path
from infractl.spec.load import load_project
gc.set_threshold(100_000, 50, 50)  # as the command sets it
start = time.perf_counter()
services = len(load_project([Path(sys.argv[1])]).services)
print(json.dumps({"seconds": time.perf_counter() - start, "services": services}))
"""


def measure(quick: bool) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        yield from _scale(Path(folder), rounds=3 if quick else 7)


def _scale(folder: Path, rounds: int) -> Iterator[Figure]:
    for layout, to_a_file in (("a_file_each", A_FILE_EACH), ("few_files", TO_A_FILE)):
        folders = {count: folder / f"{layout}-{count}" for count in (FEW, MANY)}
        for count, place in folders.items():
            write_services(place, count, to_a_file)
        commands = {str(count): [sys.executable, "-c", LOAD, str(place)] for count, place in folders.items()}
        runs = interleaved(commands, rounds)
        few, many = (_loading(runs[str(count)], count) for count in (FEW, MANY))
        peak = min(r.peak_bytes for r in runs[str(MANY)])
        print(f"{layout:12} {FEW} services {few:6.3f} s   {MANY} services {many:6.3f} s   {peak / 2**20:4.0f} MiB at most")
        yield Figure(name=f"validate_5000_over_1000_{layout}", value=many / few, unit="ratio", goal="<= 6")
        yield Figure(name=f"seconds_per_1000_{layout}", value=many * 1000 / MANY, unit="s")
        yield Figure(name=f"peak_memory_5000_{layout}", value=peak, unit="bytes")


def _loading(runs: list[Run], services: int) -> float:
    """The fastest load alone: what a process takes to start would flatter the ratio."""
    answers = [json.loads(r.output.splitlines()[-1]) for r in runs]
    assert {a["services"] for a in answers} == {services}, "some services were not loaded"
    return min(float(a["seconds"]) for a in answers)


def write_services(folder: Path, count: int, to_a_file: int) -> None:
    """A project of `count` services, so many to a file, with the models and data that their documents name."""
    shutil.copytree(CASES, folder, ignore=lambda place, names: [n for n in names if place == str(CASES) and n.endswith(".yaml")])
    shutil.copy(CASES / "infractl.yaml", folder)
    texts = [(CASES / f"{shape}.yaml").read_text(encoding="utf-8") for shape in SHAPES]
    documents = [renamed(text, number) for number, text in enumerate(islice(cycle(texts), count))]
    for first in range(0, count, to_a_file):
        text = "---\n".join(documents[first : first + to_a_file])
        (folder / f"{first}.yaml").write_text(text, encoding="utf-8")


def renamed(text: str, number: int) -> str:
    """The document under a name of its own."""
    result, found = re.subn(r"^(metadata: *(?:\{|\n +)name: *)([a-z0-9-]+)", rf"\g<1>\g<2>-{number}", text, flags=re.MULTILINE)
    assert found == 1, "a document of one service that begins its metadata with the name"
    return result


if __name__ == "__main__":
    start(measure, __doc__, ("typer", "pydantic", "PyYAML"))
