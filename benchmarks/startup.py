"""`infractl --version` answers within twice the time of an empty Python, and `infractl validate FILE` takes at most a quarter
more than to import the libraries that it reads documents with.

All are started by the same interpreter without flags, so that `site` is imported, and with modules that are compiled already.
They take turns, and medians count. The limits are measured in the same turns: for the version a Python that imports what the
installed command's own script imports, for validate one that imports typer, pydantic and yaml.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from benchmarks.harness.timing import interleaved, told
from benchmarks.spec import A_FILE_EACH, write_services

SCRIPT = Path(sys.executable).with_name("infractl")
LIBRARIES = "import typer, pydantic, yaml"


def measure(quick: bool) -> Iterator[Figure]:
    script = script_imports(SCRIPT.read_text(encoding="utf-8"))
    words = {
        "empty": ["-c", "pass"],
        "script": ["-c", script],
        "libraries": ["-c", LIBRARIES],
        "version": [str(SCRIPT), "--version"],
        "validate": [str(SCRIPT), "validate", "0.yaml"],
    }
    with TemporaryDirectory() as name:
        folder = Path(name) / "one"
        write_services(folder, 1, A_FILE_EACH)
        runs = interleaved({key: [sys.executable, *rest] for key, rest in words.items()}, 20 if quick else 80, folder)
    assert runs["version"][0].output.startswith("infractl ") and runs["validate"][0].output.startswith("Valid: 1 service")
    seconds = {key: median(run.seconds for run in found) for key, found in runs.items()}
    for key, found in runs.items():
        shown = " ".join(["python", *words[key]]).replace(str(SCRIPT), SCRIPT.name)
        print(f"{shown:42} {told(found)} {seconds[key] / seconds['empty']:6.2f} times an empty Python")
    yield _ratio("version", "empty", seconds, "<= 2")
    yield _ratio("version", "script", seconds, "<= 1.25")
    yield _ratio("validate", "empty", seconds)
    yield _ratio("validate", "libraries", seconds, "<= 1.25")
    yield _ratio("libraries", "empty", seconds)
    yield Figure(name="empty_python", value=seconds["empty"], unit="s")


def _ratio(name: str, limit: str, seconds: dict[str, float], goal: str = "") -> Figure:
    over = {"empty": "empty_python", "script": "its_script", "libraries": "its_libraries"}[limit]
    return Figure(name=f"{name}_over_{over}", value=seconds[name] / seconds[limit], unit="ratio", goal=goal)


def script_imports(text: str) -> str:
    """What the script that an installer writes for a command imports besides the command."""
    return "; ".join(line for line in text.splitlines() if line.startswith("import "))


if __name__ == "__main__":
    start(measure, __doc__, ("typer", "pydantic", "PyYAML"))
