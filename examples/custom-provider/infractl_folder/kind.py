"""The kinds: a model file, and the note that says what to serve. An object is a JSON file with its labels and properties."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copyfile
from typing import Any

from infractl.domain import value
from infractl.domain.action import Action
from infractl.domain.address import Owner
from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import Properties
from infractl.errors import ProviderError
from infractl.provider.contract import Blobs
from infractl.provider.schema import Attribute, Schema

SCHEMAS: Mapping[str, Schema] = {
    "model": Schema({"content": Attribute(replaces=True), "file": Attribute(computed=True)}),
    "note": Schema({"file": Attribute(computed=True)}),
}
"""A model's content cannot be changed in place. A note's attributes can, so only what the provider computes is named."""


class Note:
    """Satisfies `infractl.provider.contract.Kind`. Whatever it has to know is in the folder, so that any process can go on."""

    kind = "note"

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        self.folder = folder
        self.blobs = blobs

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        """What is absent is left out."""
        return {ref: live for ref in refs if (live := self._live(ref)) is not None}

    def find(self, owner: Owner) -> Sequence[Live]:
        """What carries the owner's labels, whoever made it. A record that is damaged says of nobody that it is theirs, and hides
        no other: `read` tells of it where a state names it."""
        found: list[Live] = []
        for path in sorted(self.folder.glob(f"{self.kind}-*.json")):
            with suppress(ProviderError):
                found.extend(self.read([Ref(kind=self.kind, id=path.stem)]).values())
        return [live for live in found if owner.owns(live.labels)]

    def begin(self, step: Step) -> Pending:
        """A name that is made of the labels makes a create idempotent: begun twice, or after a crash, it is the same object."""
        if step.action is Action.delete:
            assert step.prior is not None
            with telling(self.folder):
                self._remove(step.prior.ref)
            return Pending(ref=step.prior.ref, action=step.action)
        assert step.desired is not None
        labels = dict(step.owner.labels(step.address))
        name = hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:16]
        # One that was imported has a name of its own.
        ref = step.prior.ref if step.action is Action.update and step.prior else Ref(kind=self.kind, id=f"{self.kind}-{name}")
        record = json.dumps({"labels": labels, "properties": value.encode(step.desired.properties)})
        with telling(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._make(ref, step.desired.properties)
            write_whole(self._record(ref), record)
        return Pending(ref=ref, action=step.action)

    def poll(self, pending: Pending) -> Running | Done | Failed:
        """All was done in `begin`. What takes longer is named by `Pending.token`, and asked for here; this never waits."""
        return Done(ref=pending.ref)

    def managed(self, desired: Resource, live: Live) -> Properties:
        """The live object in the words of what is wanted: without what is computed here."""
        return {name: found for name, found in live.properties.items() if not SCHEMAS[self.kind].of(name).computed}

    def health(self, desired: Resource, live: Live) -> Health:
        return Health(HealthStatus.healthy)

    def _make(self, ref: Ref, wanted: Properties) -> None:
        """What a kind does besides writing the object down."""

    def _remove(self, ref: Ref) -> None:
        self._record(ref).unlink(missing_ok=True)

    def _computed(self, ref: Ref) -> dict[str, Any]:
        return {"file": str(self._record(ref))}

    def _record(self, ref: Ref) -> Path:
        return self.folder / f"{ref.id}.json"

    def _live(self, ref: Ref) -> Live | None:
        with telling(self._record(ref)), suppress(FileNotFoundError):
            found = json.loads(self._record(ref).read_bytes())
            return Live(ref=ref, properties={**value.decode(found["properties"]), **self._computed(ref)}, labels=found["labels"])
        return None


class Model(Note):
    """Has a file with the content beside its record: written before it, and removed after it."""

    kind = "model"

    def health(self, desired: Resource, live: Live) -> Health:
        """Pure, so it judges what was read."""
        gone = Health(HealthStatus.failed, "the model's file was removed")
        return Health(HealthStatus.healthy) if live.properties["file"] else gone

    def _make(self, ref: Ref, wanted: Properties) -> None:
        partial = self._file(ref).with_suffix(".partial")
        copyfile(self.blobs.path(wanted["content"].digest), partial)
        partial.replace(self._file(ref))

    def _remove(self, ref: Ref) -> None:
        super()._remove(ref)
        self._file(ref).unlink(missing_ok=True)

    def _computed(self, ref: Ref) -> dict[str, Any]:
        return {"file": str(self._file(ref)) if self._file(ref).exists() else None}

    def _file(self, ref: Ref) -> Path:
        return self.folder / f"{ref.id}.onnx"


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """What the user can mend is told with its place and a remedy: anything else that is raised reads as the provider's defect."""
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        mend = "make it readable and writable for whoever runs infractl; a damaged record: remove it, and apply makes it anew"
        told = f"{type(error).__name__}: {error}"
        raise ProviderError.of("folder-file", summary="a file cannot be used", detail=told, at=str(path), remedy=mend) from error


def write_whole(path: Path, text: str) -> None:
    """The whole file or none of it: who watches the folder never reads half a note."""
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)
