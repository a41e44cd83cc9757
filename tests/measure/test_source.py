"""What was measured is bound to the code that it was measured of, and to the code that measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infractl import __version__
from infractl.measure.machine import machine_facts
from infractl.measure.method import _CODE, method
from infractl.measure.source import digest_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in {"room/one.py": "1\n", "room/in/two.py": "2\n", "other/three.py": "3\n", "room/notes.txt": "4\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def digest(tree: Path, *parts: str) -> str:
    digest_of.cache_clear()
    return digest_of(parts, tree)


def test_the_same_files_have_the_same_digest_wherever_they_lie(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("elsewhere") / "deep"
    tree.rename(other)

    assert digest(other, "room") == digest(other, "room")
    first = digest(other, "room")
    other.rename(tree)
    assert digest(tree, "room") == first


@pytest.mark.parametrize("part", [("room",), ("room/one.py",)], ids=["a room", "a module"])
def test_another_content_or_name_is_another_digest(tree: Path, part: tuple[str, ...]) -> None:
    first = digest(tree, *part)

    (tree / "room" / "one.py").write_text("1 # changed\n")
    second = digest(tree, *part)
    (tree / "room" / "one.py").rename(tree / "room" / "four.py")

    assert len({first, second, digest(tree, *part)}) == 3


def test_what_is_no_source_or_in_another_room_changes_nothing(tree: Path) -> None:
    first = digest(tree, "room")

    (tree / "other" / "three.py").write_text("33\n")
    (tree / "room" / "notes.txt").write_text("44\n")

    assert digest(tree, "room") == first
    assert digest(tree, "room", "other") != first


def test_without_source_files_it_is_the_version(tree: Path) -> None:
    assert digest(tree, "absent", "absent.py") == __version__


def imported(module: str) -> set[str]:
    """The files of infractl that are loaded with a module, below its folder."""
    program = (
        f"import json, sys, {module}\nprint(json.dumps([m.__file__ for n, m in sys.modules.items() if n[:9] == 'infractl.']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {str(Path(file).relative_to(ROOT / "infractl")) for file in json.loads(done.stdout)}


def test_all_that_the_server_loads_counts_for_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """But what all of infractl stands on, whose meaning does not change with time."""
    from infractl.measure import machine

    ground = {"tensors.py", "errors.py", "units.py", "clock.py"}
    files = imported("infractl.runtime.__main__") - ground

    assert len(files) > 20
    assert {file for file in files if file.partition("/")[0] not in machine._SERVER} == set()


def test_all_that_a_calibration_loads_counts_for_its_method() -> None:
    files = {file for file in imported("infractl.measure.calibrate") if file.startswith("measure/")} - {"measure/__init__.py"}

    assert len(files) > 10
    assert {file for file in files if not any(file.startswith(part) for part in _CODE)} == set()
    assert all((ROOT / "infractl" / part).exists() for part in _CODE)


def test_both_are_short_and_stay_the_same() -> None:
    facts, how = machine_facts(), method()
    digest_of.cache_clear()

    assert (machine_facts(), method()) == (facts, how)
    assert len(facts["server"]) == len(how) == 12
