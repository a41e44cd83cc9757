"""Terraform with many `terraform_data` resources: a tenth are roots, the others depend on one and on the one before in a chain.

Its provider is built in, so that nothing is fetched, and what is measured is the engine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scale.counted import Count, counted

PROGRAM = shutil.which("terraform")
NOT_HERE = "terraform is not installed on this machine"
CHAIN = 10


class Terraform:
    """A configuration in a folder of its own, ready to be applied."""

    def __init__(self, folder: Path, count: int) -> None:
        assert PROGRAM is not None
        self.folder, self.program = folder, PROGRAM
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        self.environment["CHECKPOINT_DISABLE"] = "1"
        self._text = "\n".join(_resources(count))
        folder.mkdir(parents=True)
        self._write(self._text)
        self._run("init")

    def apply(self) -> Count:
        return self._run("apply", "-auto-approve")

    def plan(self) -> Count:
        return self._run("plan")

    def change(self) -> None:
        """One field of one resource that nothing depends on."""
        head, _, tail = self._text.rpartition('zone         = "one"')
        self._write(f'{head}zone         = "two"{tail}')

    def destroy(self) -> Count:
        return self._run("destroy", "-auto-approve")

    def _write(self, text: str) -> None:
        (self.folder / "main.tf").write_text(text, encoding="utf-8")

    def _run(self, *words: str) -> Count:
        return counted([self.program, *words, "-input=false", "-no-color"], self.folder, self.environment)


def version() -> str:
    """Of the installed Terraform, without asking its makers for a newer one."""
    assert PROGRAM is not None
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    told = subprocess.run([PROGRAM, "version"], env=environment, capture_output=True, text=True, check=True).stdout
    return told.splitlines()[0].rpartition("v")[2]


def _resources(count: int) -> Iterator[str]:
    roots = max(1, count // CHAIN)
    return (_resource(number, roots) for number in range(count))


def _resource(number: int, roots: int) -> str:
    place = number - roots
    root = f"terraform_data.part_{place % roots}.id" if place >= 0 else '""'
    before = f"terraform_data.part_{number - 1}.id" if place > 0 and place % CHAIN else '""'
    return f"""\
resource "terraform_data" "part_{number}" {{
  input = {{
    number       = {number}
    zone         = "one"
    image        = "images/part-{number % 7}"
    cores        = {1 + number % 4}
    memory_bytes = {(1 + number % 4) * 2**30}
    disk_bytes   = {10 * 2**30}
    port         = {8000 + number % 1000}
    public       = false
    owner        = "service-0"
    root         = {root}
    before       = {before}
  }}
}}
"""
