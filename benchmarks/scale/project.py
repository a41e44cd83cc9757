"""A project for infractl with many resources at the reference provider, whose process is started beforehand and takes no time."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks.models.perceptron import perceptron
from benchmarks.scale.counted import Count, counted
from infractl.testing.plugin import register
from infractl.testing.reference.cloud import running

OWN = 3
"""Resources that each service has anyway: a disk, a config and an endpoint."""

SERVICE = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {{name: service-{number}}}
spec:
  model: {{uri: model.onnx, version: "{version}"}}
"""


class Project:
    """`services` with `resources` each, in a folder of its own, ready to be applied."""

    def __init__(self, folder: Path, cloud: Path, cache: Path, services: int, resources: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        perceptron(folder, "model", (30, 64, 2))
        target = f"{{provider: reference, directory: {cloud}, parts: {resources - OWN}}}"
        (folder / "infractl.yaml").write_text(f"project: scale\ntargets: {{cloud: {target}}}\n")
        for number in range(services):
            self._declare(number, version=1)
        plugins = register(folder.parent / "plugins")
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.environment = {**kept, "PYTHONPATH": str(plugins), "INFRACTL_CACHE": str(cache)}

    def apply(self) -> Count:
        return self._run("apply", "--auto-approve")

    def plan(self) -> Count:
        return self._run("plan")

    def change(self) -> None:
        """One service's words, which change one resource and what shows it."""
        self._declare(0, version=2)

    def destroy(self) -> Count:
        return self._run("destroy", "--auto-approve")

    def _declare(self, number: int, version: int) -> None:
        text = SERVICE.format(number=number, version=version)
        (self.folder / f"service-{number}.yaml").write_text(text, encoding="utf-8")

    def _run(self, *words: str) -> Count:
        return counted([sys.executable, "-m", "infractl", *words], self.folder, self.environment)


def warmed(folder: Path) -> Path:
    """A user's cache with this machine's calibration and the model's profile in it, as it is from the first plan on."""
    cache = folder / "cache"
    with running(folder / "cloud") as cloud:
        Project(folder / "project", cloud.directory, cache, services=1, resources=OWN).plan()
    return cache
