"""The kind `artifact`: a copy of a model file for one service, named by its content, with its labels in a file beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infractl.domain.action import Action
from infractl.domain.address import Address, Owner
from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import Blob, Properties
from infractl.errors import ProviderError
from infractl.provider.contract import Blobs
from infractl.provider.schema import Attribute, Schema
from infractl_local.directory import RunDirectory, ServiceDirectory, partial_of, private, remove, write_private
from infractl_local.foreign import labels_of
from infractl_local.standing import sweep

KIND = "artifact"

SCHEMA = Schema(
    {
        "digest": Attribute(replaces=True),
        "size_bytes": Attribute(replaces=True),
        "path": Attribute(computed=True),
    },
    # Each call may have to read a whole model, and a disk may be slow.
    call_s=1800.0,
    shows_s=0.0,
    named_by_service=True,
)


@dataclass(frozen=True, slots=True)
class _Copy:
    """Where a copy and its labels lie."""

    model: Path
    labels: Path

    @classmethod
    def of(cls, files: ServiceDirectory, digest: str) -> _Copy:
        return cls(files.model(digest), files.artifacts / f"{digest}.json")

    def read_labels(self) -> Mapping[str, str]:
        try:
            labels = json.loads(self.labels.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return labels if isinstance(labels, dict) else {}


class Artifact:
    """Copies of model files. Its labels are written first and removed last, so that no copy is ever without an owner."""

    schema = SCHEMA

    def __init__(self, run: RunDirectory, blobs: Blobs) -> None:
        self.run = run
        self.blobs = blobs
        self._known: dict[Path, tuple[tuple[int, int, int], str]] = {}

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        return {ref: live for ref in refs if (live := self._live(ref))}

    def find(self, owner: Owner) -> Sequence[Live]:
        files = self.run.service(owner.key)
        refs = [_ref(files, path.stem) for path in sorted(files.artifacts.glob("*.json"))]
        return [live for live in self.read(refs).values() if _is_ours(owner.owns(live.labels))]

    def begin(self, step: Step) -> Pending:
        files = self.run.of_step(step)
        if step.action is Action.delete:
            assert step.prior is not None
            ref = step.prior.ref
            self._delete(files, _Copy.of(files, _digest(ref)), labels_of(step))
        else:
            assert step.desired is not None
            digest = step.desired.properties["digest"].digest
            ref = _ref(files, digest)
            self._create(_Copy.of(files, digest), digest, step.owner.labels(step.address), str(step.address))
        return Pending(ref=ref, action=step.action)

    def poll(self, pending: Pending) -> Running | Done | Failed:
        copy = _Copy.of(self.run.of(pending.ref), _digest(pending.ref))
        if pending.action is Action.delete or self._content(copy.model) == _digest(pending.ref):
            return Done(ref=pending.ref)
        return Failed(detail="the copy is missing or damaged", remedy="run infractl apply again")

    def managed(self, desired: Resource, live: Live) -> Properties:
        return {name: live.properties[name] for name in ("digest", "size_bytes")}

    def health(self, desired: Resource, live: Live) -> Health:
        there = live.properties["digest"]
        if there == desired.properties["digest"]:
            return Health(HealthStatus.healthy)
        damage = f"the copy is damaged: its digest is {there.digest}" if there.digest else "the copy is missing"
        return Health(HealthStatus.failed, damage)

    def _create(self, copy: _Copy, digest: str, labels: Mapping[str, str], at: str) -> None:
        there = copy.read_labels()
        if there and there != labels:
            raise ProviderError.of(
                "foreign-artifact",
                summary="a file of another owner is in the way",
                detail=f"{copy.model} belongs to lineage {there.get('infractl-lineage')}",
                at=at,
                remedy=f"destroy that service with the state that it belongs to, or remove {copy.model.parent.parent}",
            )
        if there and self._content(copy.model) == digest:
            return
        if self._copy(copy, digest, labels, at) != digest:
            remove(copy.model, copy.labels)
            raise ProviderError.of(
                "artifact-changed",
                summary="a model file changed while it was copied",
                detail=f"the stored file no longer has the digest {digest}",
                at=at,
                remedy="run infractl plan and apply again",
            )
        partial_of(copy.model).replace(copy.model)

    def _copy(self, copy: _Copy, digest: str, labels: Mapping[str, str], at: str) -> str:
        """Write labels and model, the latter as a partial file yet, and give the digest of what was written."""
        source = self.blobs.path(digest)
        try:
            with self.run.changing:
                write_private(copy.labels, json.dumps(dict(labels), sort_keys=True).encode())
            return _copy_file(source, partial_of(copy.model))
        except OSError as error:
            raise ProviderError.of(
                "artifact-copy",
                summary="a model file cannot be copied into the run directory",
                detail=f"{source}: {error.strerror}",
                at=at,
                remedy="make room, or give yourself the right to write there, then apply again",
            ) from error

    def _delete(self, files: ServiceDirectory, copy: _Copy, labels: Mapping[str, str]) -> None:
        with self.run.changing:
            if copy.read_labels() in ({}, labels):
                remove(copy.model, copy.labels)
            sweep(self.run, files)

    def _live(self, ref: Ref) -> Live | None:
        copy = _Copy.of(self.run.of(ref), _digest(ref))
        labels = copy.read_labels()
        content = self._content(copy.model)
        if not labels and content is None:
            return None
        properties: dict[str, Any] = {
            "digest": Blob(content or ""),
            "size_bytes": copy.model.stat().st_size if content else 0,
            "path": str(copy.model),
        }
        return Live(ref=ref, properties=properties, labels=labels)

    def _content(self, path: Path) -> str | None:
        """The file's digest; computed once for as long as the file looks the same."""
        try:
            with path.open("rb") as file:
                status = path.stat()
                seen = (status.st_mtime_ns, status.st_size, status.st_ino)
                known = self._known.get(path)
                if known is None or known[0] != seen:
                    known = (seen, hashlib.file_digest(file, "sha256").hexdigest())
                    self._known[path] = known
        except FileNotFoundError:
            return None
        return known[1]


def _copy_file(source: Path, target: Path) -> str:
    """Copy and give the digest of what was written."""
    digest = hashlib.sha256()
    with source.open("rb") as given, open(target, "wb", opener=private) as written:
        while chunk := given.read(1 << 20):
            digest.update(chunk)
            written.write(chunk)
    return digest.hexdigest()


def _ref(files: ServiceDirectory, digest: str) -> Ref:
    return Ref(kind=KIND, id=f"{files.id}/{digest}")


def _digest(ref: Ref) -> str:
    return ref.id.partition("/")[2]


def _is_ours(address: Address | None) -> bool:
    return address is not None and address.kind == KIND
