"""Where a service's files lie below the project's run directory, and how private ones are written and removed.

<project>.<environment>.<service>.<target>/   names hold no dots, so no two services share one, nor two targets
  settings.json server.json server.lock server.log control.sock
  artifacts/<digest>.model  artifacts/<digest>.json
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infractl.domain.action import Action
from infractl.domain.address import ServiceKey
from infractl.domain.resource import Ref
from infractl.domain.step import Step
from infractl.protocol.settings import LOCK_FILE, LOG_FILE, RECORD_FILE, SETTINGS_FILE, SOCKET_FILE
from infractl.state.file import keep_untracked


@dataclass(frozen=True, slots=True)
class ServiceDirectory:
    """The files of one service."""

    path: Path

    @property
    def id(self) -> str:
        """What the refs of the service's objects are made from."""
        return self.path.name

    @property
    def settings(self) -> Path:
        return self.path / SETTINGS_FILE

    @property
    def record(self) -> Path:
        return self.path / RECORD_FILE

    @property
    def lock(self) -> Path:
        return self.path / LOCK_FILE

    @property
    def log(self) -> Path:
        return self.path / LOG_FILE

    @property
    def socket(self) -> Path:
        return self.path / SOCKET_FILE

    @property
    def artifacts(self) -> Path:
        return self.path / "artifacts"

    def model(self, digest: str) -> Path:
        """The copy of the model file with this content."""
        return self.artifacts / f"{digest}.model"

    @property
    def server_files(self) -> tuple[Path, ...]:
        """All but the artifacts, whatever a server that was killed in the middle of a write left."""
        return tuple(path for path in self.path.iterdir() if path != self.artifacts) if self.path.exists() else ()


class RunDirectory:
    """A project's run directory, as one target uses it: what a service has at another target is not touched here.

    `changing` is held while something is removed and while a first file is written or a process started, so that one thread
    never sweeps away what another is about to use. Between processes the service's lock keeps them apart.
    """

    def __init__(self, root: Path, target: str) -> None:
        # Resolved, because a server is recognised by the path on its command line.
        self.root = root.resolve()
        self.target = target
        self.changing = threading.Lock()

    def service(self, key: ServiceKey) -> ServiceDirectory:
        return ServiceDirectory(self.root / f"{key.project}.{key.environment}.{key.service}.{self.target}")

    def of_step(self, step: Step) -> ServiceDirectory:
        """Where the step's object is, or is to be: what goes may lie under the name that its service had before."""
        going = step.prior if step.action is Action.delete else None
        return self.of(going.ref) if going else self.service(step.address.key)

    def of(self, ref: Ref) -> ServiceDirectory:
        """The directory of the service that the ref's object belongs to."""
        return ServiceDirectory(self.root / ref.id.partition("/")[0])


def make_private(path: Path) -> None:
    """The directory and those above it that are missing, for this user alone."""
    if not path.parent.is_dir():
        make_private(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    keep_untracked(path.parent)


def private(path: str, flags: int) -> int:
    """An opener for files that only this user may read."""
    return os.open(path, flags, 0o600)


def write_private(path: Path, data: bytes) -> None:
    """The whole file or none of it."""
    make_private(path.parent)
    partial = partial_of(path)
    with open(partial, "wb", opener=private) as file:
        file.write(data)
    partial.replace(path)


def partial_of(path: Path) -> Path:
    """Where a file is written before it is whole. One name a file, so that the next try finds what a crash left."""
    return path.with_name(f"{path.name}.partial")


def remove(*paths: Path) -> None:
    """Remove files, and what was left half written of them; what is absent is fine."""
    for path in paths:
        path.unlink(missing_ok=True)
        partial_of(path).unlink(missing_ok=True)


def remove_empty(*directories: Path) -> None:
    """Remove directories, innermost first, as far as they are empty."""
    for directory in directories:
        with suppress(OSError):
            directory.rmdir()
