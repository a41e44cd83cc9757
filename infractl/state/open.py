"""Opens a project's stores: plain names are directories here, `scheme://…` belongs to the plugin installed for it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

from infractl.clock import Clock
from infractl.errors import UsageError
from infractl.provider.entry_point import installed
from infractl.provider.plugin import load_entry
from infractl.state.artifacts import LocalArtifactStore
from infractl.state.local import LocalStateStore
from infractl.state.measurements import LocalMeasurementStore
from infractl.state.store import ArtifactStore, MeasurementStore, StateStore, Stores

GROUP = "infractl.stores"


class Scheme(Protocol):
    """What an entry point of the group `infractl.stores` names, under the scheme: an object that opens each store at a URL.

    Raises UsageError where it has no store of that sort.
    """

    def state(self, url: str, clock: Clock) -> StateStore: ...

    def artifacts(self, url: str, clock: Clock) -> ArtifactStore: ...

    def measurements(self, url: str, clock: Clock) -> MeasurementStore: ...


class Directories:
    """The local stores. Names are relative to the project's root."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def state(self, url: str, clock: Clock) -> StateStore:
        return LocalStateStore(self._root / url, clock)

    def artifacts(self, url: str, clock: Clock) -> ArtifactStore:
        return LocalArtifactStore(self._root / url)

    def measurements(self, url: str, clock: Clock) -> MeasurementStore:
        return LocalMeasurementStore(self._root / url)


def open_stores(root: Path, state: str, artifacts: str, measurements: str, run: str, clock: Clock) -> Stores:
    """The stores that `infractl.yaml` names; `root` is its directory. Nothing is made on disk before something is written.

    Raises UsageError for a scheme that no installed plugin has.
    """
    return Stores(
        state=_scheme(root, state).state(state, clock),
        artifacts=_scheme(root, artifacts).artifacts(artifacts, clock),
        measurements=_scheme(root, measurements).measurements(measurements, clock),
        run=root / run,
    )


def schemes() -> tuple[str, ...]:
    """The installed schemes, without importing any plugin."""
    return tuple(sorted({e.name for e in installed(GROUP)}))


def _scheme(root: Path, url: str) -> Scheme:
    scheme, separator, _ = url.partition("://")
    if not separator:
        return Directories(root)
    for entry in installed(GROUP):
        if entry.name == scheme:
            return cast(Scheme, load_entry(entry, "store-import"))
    raise UsageError.of(
        "store-scheme",
        summary="no installed plugin keeps a store under this scheme",
        detail=f"{url} begins with {scheme}://; installed: {', '.join(schemes()) or 'none'}",
        remedy="install the plugin that has it, or name a directory in infractl.yaml's stores",
    )
