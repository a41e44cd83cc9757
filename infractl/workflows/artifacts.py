"""`artifacts`: what the artifact store keeps, of what it was made, what refers to it, and what may go."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from infractl.domain.address import ServiceKey
from infractl.domain.kept import KeptArtifact, Pruning
from infractl.domain.recipe import AS_GIVEN
from infractl.domain.value import Json
from infractl.errors import UsageError
from infractl.spec.project import declared_environments
from infractl.state.codec import encode
from infractl.state.store import StateStore
from infractl.workflows.workspace import Workspace

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SHORTEST = 6


def artifacts(workspace: Workspace) -> Sequence[KeptArtifact]:
    """By age, the newest first. Raises StateError, also where a service's record cannot be read: what it needs is not known."""
    used, made = _used(workspace), _made(workspace)
    found = [
        KeptArtifact(
            digest=file.name,
            size_bytes=file.size_bytes,
            since=file.since,
            recipes=tuple(sorted({recipe for recipe, _ in made.get(file.name, ())})),
            sources=tuple(sorted({source for _, source in made.get(file.name, ())})),
            used_by=used.get(file.name, ()),
        )
        for file in workspace.stores.artifacts.files()
    ]
    return sorted(found, key=lambda kept: (kept.since, kept.digest), reverse=True)


def artifact(workspace: Workspace, name: str) -> KeptArtifact:
    """By its digest or the beginning of it. Raises UsageError where it is none, or that of several."""
    found = [kept for kept in artifacts(workspace) if len(name) >= _SHORTEST and kept.digest.startswith(name)]
    if len(found) == 1:
        return found[0]
    raise UsageError.of(
        "artifact-unknown",
        summary="this names no artifact in the store",
        detail=f"{name} is {'the beginning of several digests' if found else 'not the beginning of any digest'}",
        remedy=f"infractl artifacts list shows them; write at least {_SHORTEST} characters of one",
    )


def to_prune(workspace: Workspace, older_than_s: float, now: datetime) -> Pruning:
    """What no service's record or history refers to and nobody put for so long. Raises StateError."""
    before = now - timedelta(seconds=older_than_s)
    store = workspace.stores.artifacts
    every = artifacts(workspace)
    going = tuple(kept for kept in every if not kept.used_by and kept.since < before)
    needed = {kept.digest for kept in every} - {kept.digest for kept in going}
    records = [r for r in store.records() if r.since < before and not needed.intersection(_digests(store.recorded(r.name)))]
    return Pruning(
        artifacts=going,
        records=tuple(record.name for record in records),
        bytes=sum(kept.size_bytes for kept in going) + sum(record.size_bytes for record in records),
    )


def prune(workspace: Workspace, pruning: Pruning, approve: Callable[[Pruning], bool]) -> bool:
    """Whether it was done. Records go first: one whose file is gone would be asked for it. Raises StateError."""
    if not approve(pruning):
        return False
    # A service may have been deployed while somebody was asked.
    used = _used(workspace)
    for key in pruning.records:
        workspace.stores.artifacts.forget(key)
    for kept in pruning.artifacts:
        if kept.digest not in used:
            workspace.stores.artifacts.remove(kept.digest)
    return True


def _used(workspace: Workspace) -> Mapping[str, tuple[str, ...]]:
    """Which services name a digest, in whatever part of their document, its earlier versions or its journal.

    Services that were destroyed count in the environments that are declared, or that anything else is recorded in.
    """
    state, found = workspace.stores.state, dict[str, dict[str, None]]()
    declared = declared_environments(workspace.loaded.root, workspace.loaded.document)
    for project in dict.fromkeys((*state.projects(), workspace.project)):
        for environment in dict.fromkeys((*state.environments(project), *declared, workspace.environment)):
            for key in (*state.keys(project, environment), *state.ended(project, environment)):
                for digest in _named(state, key):
                    found.setdefault(digest, {})[str(key)] = None
    return {digest: tuple(keys) for digest, keys in found.items()}


def _named(state: StateStore, key: ServiceKey) -> Iterator[str]:
    present = state.read(key)
    for document in (*([present] if present else []), *state.history(key), *state.entries(key)):
        yield from _digests(encode(document))


def _digests(found: Json) -> set[str]:
    return set(_DIGEST.findall(json.dumps(found)))


def _made(workspace: Workspace) -> Mapping[str, list[tuple[str, str]]]:
    """By which recipe, and of which model, each artifact was made, as far as it is recorded."""
    store, found = workspace.stores.artifacts, dict[str, list[tuple[str, str]]]()
    for record in store.records():
        known = store.recorded(record.name)
        made = known.get("artifact") if isinstance(known, dict) else None
        if isinstance(made, dict) and made["recipe"]["name"] != AS_GIVEN.name:
            found.setdefault(made["digest"], []).append((made["recipe"]["name"], made["source_digest"]))
    return found
