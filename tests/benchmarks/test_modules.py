"""Every benchmark says what it claims, can be quick, and is found by the runner; their inputs are what they should be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import spec
from benchmarks.harness.all import ROOT, benchmarks, claim_of
from benchmarks.harness.timing import fastest, interleaved, run
from infractl.spec.load import load_project

MODULES = benchmarks()


def test_all_modules_beside_the_harness_are_benchmarks() -> None:
    assert "spec" in [module.stem for module in MODULES]
    assert not {"__init__", "harness"} & {module.stem for module in MODULES}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_benchmark_says_what_it_claims_and_can_be_quick(module: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module.stem}", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert len(claim_of(module)) > 30
    assert done.returncode == 0, done.stderr
    assert "--quick" in done.stdout


def test_rivals_take_turns_after_each_has_been_warmed_up(tmp_path: Path) -> None:
    def note(word: str) -> list[str]:
        return [sys.executable, "-c", f"open('log', 'a').write({word!r}); print({word!r})"]

    runs = interleaved({"a": note("a"), "b": note("b")}, 2, tmp_path)

    assert (tmp_path / "log").read_text() == "ababab"
    assert {name: [r.output for r in found] for name, found in runs.items()} == {"a": ["a\n"] * 2, "b": ["b\n"] * 2}
    assert 0 < fastest(runs["a"]) <= runs["a"][0].seconds
    assert runs["a"][0].peak_bytes > 2**20


def test_rivals_keep_what_python_compiled_whatever_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed program is compiled once; one that is compiled at each start would be timed with its compiler."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "slow.py").write_text("x = 1\n")

    runs = interleaved(
        {"a": [sys.executable, "-c", "import slow; print(slow.__spec__.has_location, slow.__cached__)"]}, 1, tmp_path
    )

    cached = Path(runs["a"][0].output.split()[1])
    assert tmp_path not in cached.parents
    code = "import sys, pathlib, slow; print(pathlib.Path(slow.__cached__).exists())"
    assert interleaved({"a": [sys.executable, "-c", code]}, 1, tmp_path)["a"][0].output == "True\n"


def test_a_rival_that_fails_is_no_fast_one() -> None:
    with pytest.raises(RuntimeError, match=r"exited with 3: .*in vain"):
        run([sys.executable, "-c", "print('in vain'); raise SystemExit(3)"])


@pytest.mark.parametrize("to_a_file", [1, 9])
def test_the_services_that_are_loaded_are_as_many_as_they_are_said_to_be(to_a_file: int, tmp_path: Path) -> None:
    count = 2 * len(spec.SHAPES) + 1
    spec.write_services(tmp_path / "project", count, to_a_file)

    services = load_project([tmp_path / "project"]).services

    assert len(services) == count
    assert {s.name.rpartition("-")[0] for s in services} == set(spec.SHAPES)
    assert len({s.file for s in services}) == -(-count // to_a_file)
