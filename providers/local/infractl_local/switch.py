"""What to do next so that a release answers, or none does, read off the server's status alone. Pure: whoever asks can go on."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.protocol.settings import ReleaseStatus, ServerStatus


@dataclass(frozen=True, slots=True)
class Load:
    """The release is not there: load it."""


@dataclass(frozen=True, slots=True)
class Activate:
    """The release is ready: let it answer."""


@dataclass(frozen=True, slots=True)
class Unload:
    """These releases are in the way: let them drain."""

    releases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    detail: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The release cannot be loaded; `live` is what answers now."""

    detail: str
    live: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Exactly what is wanted is there."""


Move = Load | Activate | Unload | Wait | Refused | Finished


def next_move(status: ServerStatus, wanted: str | None) -> Move:
    """Load, then switch, then unload the others: the old release answers until the new one is ready. None: unload all."""
    release = _release(status, wanted) if wanted else None
    if wanted and release is None:
        return Load()
    if release is not None:
        if release.phase == "failed":
            return Refused(f"version {release.settings.version} cannot be loaded: {release.detail}", answering(status))
        if release.phase != "ready":
            return Wait(f"{release.phase} version {release.settings.version}")
        if status.active != wanted:
            return Activate()
    return _without_others(status, wanted)


def answering(status: ServerStatus) -> str:
    """What answers on the public port, in words."""
    active = active_release(status)
    return f"version {active.settings.version} still answers" if active else "no version answers"


def active_release(status: ServerStatus) -> ReleaseStatus | None:
    return _release(status, status.active) if status.active else None


def is_draining(status: ServerStatus, release: str) -> bool:
    found = _release(status, release)
    return found is not None and found.phase == "draining"


def _without_others(status: ServerStatus, wanted: str | None) -> Move:
    others = [r for r in status.releases if r.settings.id != wanted]
    if settled := tuple(r.settings.id for r in others if r.phase != "draining"):
        return Unload(settled)
    if others:
        return Wait(", ".join(f"version {r.settings.version} finishes {r.in_flight} requests" for r in others))
    return Finished()


def _release(status: ServerStatus, wanted: str) -> ReleaseStatus | None:
    return next((r for r in status.releases if r.settings.id == wanted), None)
