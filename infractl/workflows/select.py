"""Which services a command is about: what `--service`, `--label` and `--changed-since` say, and what is recorded of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infractl.domain.address import ServiceKey
from infractl.errors import StateError, UsageError
from infractl.spec.find import covers, project_above
from infractl.spec.load import LoadedService
from infractl.spec.selection import Selection, label_tests
from infractl.spec.telling.suggest import did_you_mean, written
from infractl.spec.yaml.document import Node
from infractl.workflows.changed_since import changed_since
from infractl.workflows.workspace import Workspace, open_project, open_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The words of a command line that choose services."""

    services: Sequence[str] = ()
    labels: Sequence[str] = ()
    changed_since: str | None = None

    @property
    def by_document(self) -> bool:
        """Whether only documents can say which services are meant."""
        return bool(self.labels) or self.changed_since is not None


def open_selected(paths: Sequence[Path], environment: str | None, asked: Asked, what_if: tuple[Node, ...] = ()) -> Workspace:
    """The project with the services that were asked for. Raises SpecError, UsageError."""
    workspace = open_workspace(paths, environment, _selection(paths, asked), what_if)
    _check_names(workspace)
    return workspace


def open_recorded(paths: Sequence[Path], environment: str | None, asked: Asked) -> Workspace:
    """The same for what is recorded: of a whole project no document is read, which may be broken or gone."""
    if len(paths) == 1 and paths[0].is_dir() and not asked.by_document:
        project = open_project(paths[0], environment, _selection(paths, asked))
        if covers(paths, project.loaded.root):
            _check_names(project)
            return project
    return open_selected(paths, environment, asked)


def _selection(paths: Sequence[Path], asked: Asked) -> Selection:
    tests = label_tests(asked.labels)
    project = project_above(paths[0])
    home = project.parent if project else paths[0] if paths[0].is_dir() else paths[0].parent
    changes = changed_since(home, asked.changed_since) if asked.changed_since is not None else None
    return Selection(names=tuple(dict.fromkeys(asked.services)), labels=tests, changes=changes)


def _check_names(workspace: Workspace) -> None:
    """Raises UsageError where a service was asked for that is neither declared nor recorded."""
    loaded = workspace.loaded
    missing = [name for name in loaded.selection.names if name not in loaded.names]
    recorded = {key.service for key in recorded_keys(workspace)} if missing and workspace.whole else set[str]()
    for name in missing:
        if name not in recorded and not _forgotten(workspace, name):
            raise UsageError.of(
                "service-not-found",
                summary="there is no such service",
                detail=f"{written(name)} is neither declared here nor recorded in the environment {workspace.environment}",
                remedy=did_you_mean(name, sorted(loaded.names | recorded), "use one of"),
            )


def the_one(workspace: Workspace, name: str) -> LoadedService:
    """The service of a workspace that was opened for it alone. Raises UsageError where it is recorded and not declared."""
    for loaded in workspace.loaded.services:
        if loaded.name == name:
            return loaded
    raise UsageError.of(
        "service-not-declared",
        summary="this service is recorded, and no document declares it",
        detail=f"{written(name)} has no document in this project",
        remedy="declare it again, or choose another service",
    )


def _forgotten(workspace: Workspace, name: str) -> bool:
    """Whether versions are kept of a service that is recorded no more: its objects may live."""
    try:
        return workspace.whole and bool(workspace.stores.state.history(workspace.key(name)))
    except StateError:
        # No service can have this name.
        return False


def recorded_keys(workspace: Workspace) -> Sequence[ServiceKey]:
    """All that is recorded in the environment, whatever was asked for."""
    return workspace.stores.state.keys(workspace.project, workspace.environment)


def declared(workspace: Workspace) -> frozenset[str]:
    """The services that were asked for and have a document."""
    return frozenset(s.service.name for s in workspace.loaded.services)


def recorded_of(workspace: Workspace) -> Sequence[ServiceKey]:
    """What is recorded of the services that were asked for: of a whole project also of those that are declared no more."""
    names, loaded = declared(workspace), workspace.loaded
    gone = loaded.selection.takes_removed if workspace.whole else lambda _: False
    return [
        key for key in recorded_keys(workspace) if key.service in names or (key.service not in loaded.names and gone(key.service))
    ]


def removed_keys(workspace: Workspace) -> Sequence[ServiceKey]:
    """What is recorded and, where the whole project was read, declared no more, nor the earlier name of what is."""
    names = declared(workspace)
    return [key for key in recorded_of(workspace) if key.service not in names and key.service not in workspace.loaded.moves]


def selected_text(workspace: Workspace, count: int) -> str:
    """How much of the project was asked for: `--label team=risk: 40 of 5000 services`; "" for all of it."""
    chosen = workspace.loaded.selection
    if not chosen.partial:
        return ""
    every = workspace.loaded.names | {key.service for key in recorded_keys(workspace)}
    return f"{chosen}: {count} of {len(every)} services"
