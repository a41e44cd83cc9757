"""The kind `route`: which release answers on the service's stable port. A new one loads beside the old, then takes over."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infractl.domain.action import Action
from infractl.domain.address import Address, Owner
from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import Properties
from infractl.errors import ProviderError
from infractl.protocol.control import ANSWER_WITHIN_S, Control, ControlError, NobodyListensError
from infractl.protocol.settings import ReleaseSettings, ServerRecord, ServerStatus, dumps, read_release
from infractl.provider.schema import Attribute, Schema
from infractl_local import public, standing
from infractl_local.control import LOOK_WITHIN_S, provider_error, provider_errors
from infractl_local.directory import RunDirectory, ServiceDirectory
from infractl_local.foreign import labels_of
from infractl_local.release import properties_of, release_id, settings_of
from infractl_local.switch import Activate, Finished, Load, Refused, Unload, Wait, active_release, is_draining, next_move

KIND = "route"
NAME = "main"

SCHEMA = Schema(
    {
        "server": Attribute(replaces=True),
        "url": Attribute(computed=True),
        "infer": Attribute(computed=True),
        "model": Attribute(computed=True),
        "release": Attribute(computed=True),
        "silence": Attribute(computed=True),
    },
    shows_s=0.0,
    named_by_service=True,
)

MANAGED = ("server", "version", "digest", "engine", "config", "options")

LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class _Token:
    """What polling needs, in any process: the server's process ("": none) and the release to answer (None: unload all)."""

    instance: str
    release: ReleaseSettings | None

    @classmethod
    def read(cls, text: str) -> _Token:
        given = json.loads(text)
        return cls(given["instance"], read_release(given["release"].encode()) if given["release"] else None)

    def __str__(self) -> str:
        return json.dumps({"instance": self.instance, "release": dumps(self.release).decode() if self.release else None})


class Route:
    """The releases in the servers of one project. What it knows it asks of the control socket, so that any process can go on."""

    schema = SCHEMA

    def __init__(self, run: RunDirectory) -> None:
        self.run = run

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        return {ref: live for ref in refs if (live := self._live(self.run.of(ref)))}

    def find(self, owner: Owner) -> Sequence[Live]:
        live = self._live(self.run.service(owner.key))
        return [live] if live and owner.owns(live.labels) else []

    def begin(self, step: Step) -> Pending:
        files = self.run.of_step(step)
        record = standing.serving(files)
        if record is not None and _labels(record) != labels_of(step):
            record = None
        release = None
        if step.action is not Action.delete:
            assert step.desired is not None
            if record is None:
                raise _no_server(files, step.address)
            wanted = step.desired.properties
            release = settings_of(wanted, files.model(wanted["digest"]))
            with provider_errors(files.socket):
                _load(Control(files.socket), release)
        instance = standing.instance(record) if record else ""
        return Pending(ref=_ref(files), action=step.action, token=str(_Token(instance, release)))

    def poll(self, pending: Pending) -> Running | Done | Failed:
        files, token = self.run.of(pending.ref), _Token.read(pending.token)
        try:
            status = _status(files, token.instance)
        except ControlError as error:
            if token.release is None:
                return _end(files, error)
            raise provider_error(error, files.socket) from error
        if status is not None:
            with provider_errors(files.socket):
                return _make(Control(files.socket), status, token.release, pending.ref)
        if token.release is None:
            return Done(ref=pending.ref)
        return Failed(
            detail=f"the server ended before version {token.release.version} answered",
            remedy=f"run infractl apply again: it starts another; what this one said last is in {files.log}",
            live="no version answers",
        )

    def managed(self, desired: Resource, live: Live) -> Properties:
        """What a silent server serves is not known: that it is silent is the one difference."""
        there = live.properties
        if there["silence"]:
            return {**desired.properties, "server": there["server"], "answers": False}
        return {name: there[name] for name in MANAGED if name in there}

    def health(self, desired: Resource, live: Live) -> Health:
        there = live.properties
        if there["silence"]:
            return Health(HealthStatus.failed, f"the server does not answer: {there['silence']}")
        if there["release"] == release_id(desired.properties):
            return Health(HealthStatus.healthy)
        return Health(HealthStatus.degraded, f"release {there['release']} of version {there['version']} answers instead")

    def invoke(self, live: Live, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Raises ProviderError, at once where the server was silent when it was read."""
        if live.properties["silence"]:
            raise public.unreachable(live.properties["infer"], live.properties["silence"])
        return public.infer(live.properties["infer"], inputs)

    def metrics(self, live: Live) -> Mapping[str, float]:
        """Nothing is known of a server that was silent when it was read."""
        return {} if live.properties["silence"] else public.metrics(live.properties["url"], live.properties["version"])

    def _live(self, files: ServiceDirectory) -> Live | None:
        record = standing.serving(files)
        if record is None:
            return None
        try:
            status = _status(files, standing.instance(record), LOOK_WITHIN_S)
        except ControlError as error:
            return _route(files, record, {"release": None, "silence": str(error)})
        active = active_release(status) if status else None
        if active is None:
            return None
        return _route(files, record, {**properties_of(active.settings), "release": active.settings.id, "silence": None})


def _route(files: ServiceDirectory, record: ServerRecord, of_release: Properties) -> Live:
    url = standing.url(record)
    properties = {
        "server": standing.instance(record),
        "url": url,
        "infer": f"{url}/v2/models/{record.service}/infer",
        "model": record.service,
        **of_release,
    }
    return Live(ref=_ref(files), properties=properties, labels=_labels(record))


def _make(control: Control, status: ServerStatus, release: ReleaseSettings | None, ref: Ref) -> Running | Done | Failed:
    """One move towards what is wanted."""
    match next_move(status, release.id if release else None):
        case Load():
            assert release is not None
            control.load(release)
            return Running(detail=f"loading version {release.version}", after_s=LOOK_S)
        case Activate():
            assert release is not None
            control.activate(release.id)
            return Running(detail=f"switches to version {release.version}", after_s=0.0)
        case Unload(releases=others):
            for other in others:
                control.unload(other)
            return Running(detail="unloads what no longer answers", after_s=0.0)
        case Wait(detail=detail):
            return Running(detail=detail, after_s=LOOK_S)
        case Refused(detail=detail, live=live):
            assert release is not None
            control.unload(release.id)
            return Failed(detail=detail, remedy="mend the model or its serving configuration, then plan again", live=live)
        case Finished():
            return Done(ref=ref)


def _load(control: Control, release: ReleaseSettings) -> None:
    """Ask for the release; one that failed before is loaded again. One that still drains is left to polling, until it is gone."""
    if not is_draining(control.status(), release.id):
        control.load(release)


def _end(files: ServiceDirectory, silence: ControlError) -> Running:
    """What must answer nobody any more and cannot be asked to: it ends with its server, which answers nobody as it is."""
    if record := standing.serving(files):
        standing.identity(record).send(signal.SIGKILL, files.settings)
    return Running(detail=f"ends the server, which does not answer: {silence}", after_s=LOOK_S)


def _status(files: ServiceDirectory, instance: str, within_s: float = ANSWER_WITHIN_S) -> ServerStatus | None:
    """What the process says of its releases; None once it is gone or ends, or another has taken its place.

    Raises ControlError where it is there and does not say.
    """
    if not _runs(files, instance):
        return None
    try:
        return Control(files.socket, within_s).status()
    except NobodyListensError:
        return None
    except ControlError:
        # It may have ended between the two questions.
        if _runs(files, instance):
            raise
        return None


def _runs(files: ServiceDirectory, instance: str) -> bool:
    record = standing.serving(files)
    return record is not None and standing.instance(record) == instance


def _labels(record: ServerRecord) -> Mapping[str, str]:
    """A route lives inside its server, so it is whose the server is."""
    return {**record.labels, "infractl-kind": KIND, "infractl-name": NAME}


def _no_server(files: ServiceDirectory, address: Address) -> ProviderError:
    return ProviderError.of(
        "server-absent",
        summary="the server that the route needs does not run",
        detail=f"no server of this service runs in {files.path}",
        at=str(address),
        remedy="run infractl plan and apply again: the plan then starts one",
    )


def _ref(files: ServiceDirectory) -> Ref:
    return Ref(kind=KIND, id=files.id)
