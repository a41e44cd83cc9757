"""A project as a command sees it: what was loaded, its stores, and its targets, connected when they are first needed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from infractl.applying.connection import Connection, Connections
from infractl.clock import Clock, SystemClock
from infractl.domain.address import ServiceKey
from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.measurement import Measurement
from infractl.errors import ProviderError, SpecError, UsageError
from infractl.provider import registry
from infractl.provider.contract import Context, Provider, Target
from infractl.provider.plugin import calling
from infractl.spec.find import ENVIRONMENTS, covers, project_above, unknown_environment
from infractl.spec.load import LoadedProject, LoadedService, load_project, load_root, settings_for
from infractl.spec.selection import EVERYTHING, Selection
from infractl.spec.yaml.document import Node
from infractl.state.holder import user
from infractl.state.open import open_stores
from infractl.state.price_lock import PriceLock, read_price_lock
from infractl.state.store import Stores
from infractl.workflows.declared_machine import declared_machines
from infractl.workflows.reuse import Reuse
from infractl.workflows.secret import EnvironmentSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTarget:
    """A target with its provider."""

    target: Target
    provider: Provider


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Opened by `open_workspace`. Nothing is imported or connected for a target that no command asks for."""

    loaded: LoadedProject
    whole: bool
    """Whether the paths covered the whole project: then a service without a document is one to destroy, if it is selected."""
    clock: Clock = field(default_factory=SystemClock)
    _targets: dict[str, OpenTarget] = field(default_factory=dict)
    _connections: dict[str, Connection] = field(default_factory=dict)
    held: dict[ServiceKey, str] = field(default_factory=dict)
    """The ids of the locks that this command holds itself."""
    _unreached: dict[str, ProviderError] = field(default_factory=dict)
    """Why a target cannot be connected to: it is tried once for all services."""
    reuse: Reuse = field(default_factory=Reuse)
    adopt_empty: bool = False
    """Whether a service whose document is lost begins anew, with what carries its labels."""

    @property
    def project(self) -> str:
        return self.loaded.project.project

    @property
    def environment(self) -> str:
        return self.loaded.environment

    @cached_property
    def stores(self) -> Stores:
        stores = self.loaded.project.stores
        return open_stores(
            self.loaded.root,
            state=stores.state,
            artifacts=stores.artifacts,
            measurements=stores.measurements,
            run=stores.run,
            clock=self.clock,
        )

    @cached_property
    def measured(self) -> Mapping[str, Sequence[Measurement]]:
        """What is kept, by artifact and oldest first, read once for all services. Raises StateError."""
        found: dict[str, list[Measurement]] = {}
        for measurement in self.stores.measurements.list():
            found.setdefault(measurement.artifact, []).append(measurement)
        return found

    @cached_property
    def price_lock(self) -> PriceLock:
        """The list prices that the project is planned with. Raises StateError."""
        return read_price_lock(self.loaded.root)

    def call(self, verb: str) -> str:
        """How a command is called for this environment: `infractl apply --env staging`."""
        return f"infractl {verb}" + (f" --env {self.environment}" if self.environment != DEFAULT_ENVIRONMENT else "")

    def key(self, service: str) -> ServiceKey:
        return ServiceKey(project=self.project, environment=self.environment, service=service)

    def target(self, name: str) -> OpenTarget:
        """Raises UsageError for a name that infractl.yaml does not have, SpecError for settings that the provider refuses."""
        if name not in self._targets:
            entry = self.loaded.project.targets.get(name)
            if entry is None:
                raise UsageError.of(
                    "target-missing",
                    summary="the state names a target that infractl.yaml does not have",
                    detail=f"{name} is not among: {', '.join(self.loaded.project.targets) or 'none'}",
                    remedy=f"declare the target {name} again, so that what runs there can be read and removed; "
                    f"where it is gone for good, forget what is recorded there: {self.call('state rm SERVICE')}",
                )
            provider = registry.load(entry.provider, self.loaded.target_mark(name, "provider"))
            settings = settings_for(self.loaded, name, provider.settings)
            machines = declared_machines(self.loaded, name, provider, self.clock.now().date())
            self._targets[name] = OpenTarget(
                target=Target(name=name, provider=entry.provider, settings=settings, machines=machines), provider=provider
            )
        return self._targets[name]

    def targets_of(self, service: LoadedService) -> Sequence[OpenTarget]:
        """The targets that a service may run at: those it names, else all."""
        names = service.service.spec.targets or tuple(self.loaded.project.targets)
        return [self.target(name) for name in names]

    def connections(self, names: Iterable[str]) -> Connections:
        """Connected kinds by target. Raises ProviderError."""
        with self.reuse.guard:
            self._connect(names)
        return self._connections

    def _connect(self, names: Iterable[str]) -> None:
        for name in names:
            if error := self._unreached.get(name):
                raise type(error)(*error.diagnostics) from error
            if name not in self._connections:
                opened = self.target(name)
                context = Context(
                    clock=self.clock,
                    blobs=self.stores.artifacts,
                    secrets=EnvironmentSecrets(),
                    directory=self.stores.run,
                )
                try:
                    with calling(opened.target.provider, "connect"):
                        kinds = opened.provider.connect(opened.target, context)
                except ProviderError as error:
                    self._unreached[name] = error
                    raise
                self._connections[name] = Connection.of(kinds, opened.provider.kinds)


def open_project(directory: Path, environment: str | None, selection: Selection = EVERYTHING) -> Workspace:
    """The project of a directory without its services, which may be broken or gone. Raises SpecError.

    Its environment may have lost its file as well, as long as something is recorded of it.
    """
    workspace = Workspace(loaded=replace(load_root(directory, environment), selection=selection), whole=True)
    declared = workspace.loaded.environments
    if workspace.environment not in declared:
        recorded = workspace.stores.state.environments(workspace.project)
        if workspace.environment not in recorded:
            known = (*declared, *sorted(set(recorded) - set(declared)))
            raise unknown_environment(workspace.loaded.root, workspace.environment, known)
    return workspace


def open_workspace(
    paths: Sequence[Path], environment: str | None, selection: Selection = EVERYTHING, what_if: tuple[Node, ...] = ()
) -> Workspace:
    """Load the project that `paths` belong to, in an environment. Raises SpecError with everything that is wrong."""
    try:
        loaded = load_project(paths, environment, selection, what_if)
    except SpecError as error:
        if any(d.slug == "unknown-environment" for d in error.diagnostics):
            _refuse_removed(paths, environment)
        raise
    return Workspace(loaded=loaded, whole=covers(paths, loaded.root))


def _refuse_removed(paths: Sequence[Path], environment: str | None) -> None:
    """Raises SpecError for an environment that has lost its file, and of which something is recorded."""
    project = project_above(paths[0])
    home = project.parent if project else paths[0] if paths[0].is_dir() else paths[0].parent
    workspace = Workspace(loaded=load_root(home, environment), whole=True)
    name, left = workspace.environment, workspace.stores.state.keys(workspace.project, workspace.environment)
    if left:
        raise SpecError.of(
            "environment-removed",
            summary="this environment is declared no more, and something is recorded in it",
            detail=f"of {name} remain: {', '.join(key.service for key in left)}",
            at=str(Path(ENVIRONMENTS) / f"{name}.yaml"),
            remedy=f"remove what runs there: {workspace.call('destroy')}; or put the environment's file back",
        )


def readable(workspace: Workspace, service: str) -> LoadedService | None:
    """The service as it is declared now, for commands that do without: None where anything in the project is wrong."""
    try:
        loaded = load_project([workspace.loaded.root], workspace.environment)
    except SpecError:
        return None
    return next((s for s in loaded.services if s.name == service), None)


def who() -> str:
    """Who runs which command, for the state."""
    return f"{user()}: {command()}"


def command() -> str:
    return shlex.join(["infractl", *sys.argv[1:]])
