"""What is in the repository runs anywhere: no path of one machine, no address of a package registry."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".json", ".cfg", ".sh", ".html", ".csv", ""}

MACHINE_FOLDERS = ("home", "Users", "work", "workspace", "workspaces", "mnt", "srv", "builds", "private", "Volumes")
REGISTRIES = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "proxy.golang" + ".org", "static.crates" + ".io")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.suffix in TEXT and path.is_file()]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in tracked()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    """Neither the usual places of users' and builders' files nor this checkout's, this interpreter's and this user's own."""
    own = {str(ROOT), str(Path.home()), sys.prefix, sys.base_prefix} - {"/", "/usr", "/usr/local"}
    folders = "|".join(re.escape(f"/{folder}") for folder in MACHINE_FOLDERS)
    places = "|".join(map(re.escape, (*sorted(own), tempfile.gettempdir())))
    # What stands before a path: nothing that would make it the rest of a relative path or of an address.
    pattern = re.compile(rf"(?<![\w.~}})*/-])(?:(?:{folders})/\w|(?:{places})(?![\w-]))")

    assert lines_with(pattern) == []


def test_no_tracked_file_names_a_package_registry() -> None:
    assert lines_with(re.compile("|".join(map(re.escape, REGISTRIES)))) == []


def test_constraints_are_names_and_versions_alone() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()

    assert lines == sorted(lines, key=str.lower)
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []
