"""A service of which no document tells: whether it is new, was forgotten, or was lost, and what is left of it then.

Its objects carry its name and the lineage of the life that made them: whoever takes them for nobody's makes all a second time.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from infractl.applying.connection import kind_of
from infractl.applying.fan_out import fan_out
from infractl.applying.wait import Waiting, retried
from infractl.domain.address import ANY_LINEAGE, LABEL_PREFIX, Owner, ServiceKey
from infractl.domain.plan import Notice
from infractl.domain.resource import Live
from infractl.errors import StateError
from infractl.planning.diff import Desired
from infractl.workflows.workspace import Workspace

_EMPTY = Notice(code="adopt-empty", text="its state document is lost, and nothing that lives carries its labels: it begins anew")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """The lineage that the service begins or goes on with, and what the plan's reader must know of that.

    One that is `fresh` was made just now: nothing can carry it.
    """

    lineage: str
    notices: tuple[Notice, ...] = ()
    fresh: bool = False


def beginning(workspace: Workspace, key: ServiceKey, wanted: Sequence[Desired]) -> Beginning:
    """Raises StateError where objects of the service live, and nobody said that they are to be adopted."""
    if workspace.adopt_empty:
        connections = workspace.connections(workspace.loaded.project.targets)
        declared = {(name, kind) for name in workspace.loaded.project.targets for kind in connections[name].kinds}
        return _adopting(workspace, key, _lives(workspace, key, declared))
    lives = _lives(workspace, key, {(d.target, d.resource.address.kind) for d in wanted})
    if lives:
        raise _lost(workspace, key, lives)
    return Beginning(lineage=str(uuid.uuid4()), fresh=True)


def check_forgotten(workspace: Workspace, key: ServiceKey) -> None:
    """Raises StateError where objects live of a service that was forgotten: nothing that is recorded leads to them."""
    if not workspace.stores.state.read(key) and (lives := _left(workspace, key)):
        raise _lost(workspace, key, lives)


def forgotten(workspace: Workspace, besides: Collection[ServiceKey]) -> Mapping[str, int]:
    """How many objects live of each service that is recorded no more, `besides` those of which it is known.

    A few calls for each service that was ever destroyed. Raises what they raise.
    """
    keys = [key for key in workspace.stores.state.ended(workspace.project, workspace.environment) if key not in besides]
    found = fan_out(lambda key: sum(map(len, _left(workspace, key).values())), keys)
    return {key.service: count for key, count in zip(keys, found, strict=True) if count}


def _left(workspace: Workspace, key: ServiceKey) -> Mapping[str, Sequence[Live]]:
    """What lives of a service that has ended, by lineage: where its last version had anything."""
    history = workspace.stores.state.history(key)
    sought = {(r.target, r.address.kind) for state in history[:1] for r in (*state.resources, *state.deposed)}
    return _lives(workspace, key, sought)


def _lost(workspace: Workspace, key: ServiceKey, lives: Mapping[str, Sequence[Live]]) -> StateError:
    """With the ways back: the version that was forgotten, where it is kept and is of a life that lives."""
    history = workspace.stores.state.history(key)
    if history and history[0].lineage in lives:
        restored = workspace.call(f"state restore {key.service} --to {history[0].serial}")
        remedy = f"take back that it was forgotten: {restored}; or begin its state anew, with what lives"
    else:
        remedy = "use the state store of whoever made them, or put it back from a backup; where it is lost for good"
    return StateError.of(
        "state-lost",
        summary="objects of this service live, and no state tells of them",
        detail=_told(lives),
        at=str(key),
        remedy=f"{remedy}: {workspace.call('apply')} --adopt-empty",
    )


def _adopting(workspace: Workspace, key: ServiceKey, lives: Mapping[str, Sequence[Live]]) -> Beginning:
    """The lineage that the remains tell, else that of all that lives: what carries it is adopted as after any crash."""
    remains = workspace.stores.state.remains(key)
    told = [remains.lineage] if remains and remains.lineage else sorted(lives)
    if len(told) > 1:
        raise StateError.of(
            "state-lives",
            summary="objects of several lives of this service live, and nothing tells which one goes on",
            detail=_told(lives),
            at=str(key),
            remedy="remove those of all lives but one by the provider's own means",
        )
    if not told:
        return Beginning(lineage=str(uuid.uuid4()), notices=(_EMPTY,) if remains else (), fresh=True)
    (lineage,) = told
    others = {life: found for life, found in lives.items() if life != lineage}
    text = f"nothing is recorded of it, and {_counted(lives.get(lineage, ()))} of its lineage {lineage}: it goes on as that life"
    return Beginning(lineage=lineage, notices=(Notice(code="adopt-empty", text=text), *_another_life(workspace, others)))


def _lives(workspace: Workspace, key: ServiceKey, sought: set[tuple[str, str]]) -> Mapping[str, Sequence[Live]]:
    """What carries the service's name, by lineage."""
    connections = workspace.connections({target for target, _ in sought})
    owner, waiting = Owner(key=key, lineage=ANY_LINEAGE), Waiting(clock=workspace.clock, tell=lambda _: None)
    lives: dict[str, list[Live]] = {}
    for target, kind in sorted(sought):
        for live in retried(partial(kind_of(connections, target, kind).find, owner), waiting):
            if owner.owns(live.labels):
                lives.setdefault(live.labels[f"{LABEL_PREFIX}lineage"], []).append(live)
    return lives


def _another_life(workspace: Workspace, lives: Mapping[str, Sequence[Live]]) -> Iterator[Notice]:
    if lives:
        yield Notice(
            code="another-life",
            text=f"objects of another life of this service live, and are left alone: {_told(lives)}; "
            f"{workspace.call('apply')} --adopt-empty goes on with that life instead",
        )


def _told(lives: Mapping[str, Sequence[Live]]) -> str:
    return "; ".join(
        f"{', '.join(f'{live.ref.kind} {live.ref.id}' for live in found)} of lineage {lineage}"
        for lineage, found in sorted(lives.items())
    )


def _counted(found: Sequence[Live]) -> str:
    return f"{len(found)} objects live" if len(found) != 1 else "1 object lives"
