"""The kind `server`: one detached model server for a service. It survives us; the next command finds it by its directory."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from infractl.clock import Clock
from infractl.domain.action import Action
from infractl.domain.address import Address, Owner
from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import Properties
from infractl.errors import Diagnostic, ProviderError, TransientProviderError
from infractl.protocol.control import ANSWER_WITHIN_S, Control, ControlError, NobodyListensError
from infractl.protocol.settings import ServerRecord, ServerSettings, dumps
from infractl.provider.schema import Attribute, Schema
from infractl_local import failure, preflight, standing
from infractl_local.astray import KILL_AFTER_GRACE_S, UNKNOWN_GRACE_S, astray_live, end_astray
from infractl_local.control import LOOK_WITHIN_S
from infractl_local.directory import RunDirectory, ServiceDirectory, remove, remove_empty, write_private
from infractl_local.foreign import labels_of, refuse_foreign
from infractl_local.log import last_lines
from infractl_local.process import Identity, free, start_server
from infractl_local.standing import START_LIMIT_S

KIND = "server"
NAME = "main"
ANY_PORT = "any"

SCHEMA = Schema(
    {
        "host": Attribute(replaces=True),
        "port": Attribute(replaces=True),
        "grace_s": Attribute(replaces=True),
        "answers": Attribute(replaces=True),
        "url": Attribute(computed=True),
        "bound_port": Attribute(computed=True),
        "pid": Attribute(computed=True),
        "started": Attribute(computed=True),
        "directory": Attribute(computed=True),
        "instance": Attribute(computed=True),
        "silence": Attribute(computed=True),
        "astray": Attribute(computed=True),
    },
    # It waits for one server to start or to end before it tells of it or starts another.
    call_s=2 * START_LIMIT_S,
    shows_s=0.0,
    named_by_service=True,
)

LOOK_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """What polling needs, in any process: which processes are started or stopped, since when, and with how much patience."""

    processes: tuple[tuple[int, float], ...]
    since: float
    host: str = ""
    port: int = 0
    limit_s: float = START_LIMIT_S
    log_offset: int = 0

    @classmethod
    def read(cls, text: str) -> _Token:
        given = json.loads(text)
        return cls(**{**given, "processes": tuple((pid, started) for pid, started in given["processes"])})

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    def alive(self, files: ServiceDirectory) -> tuple[Identity, ...]:
        return tuple(i for i in self.identities if i.serves(files.settings))

    @property
    def identities(self) -> tuple[Identity, ...]:
        return tuple(Identity(pid, started) for pid, started in self.processes)


class Server:
    """Model servers of one project on this machine."""

    schema = SCHEMA

    def __init__(self, run: RunDirectory, clock: Clock) -> None:
        self.run = run
        self.clock = clock
        self._replaced: dict[str, ServerSettings] = {}

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        return {ref: live for ref in refs if (live := self._live(self.run.of(ref)))}

    def find(self, owner: Owner) -> Sequence[Live]:
        """A server that is starting is waited for: to call it absent would leave it to nobody."""
        files = self.run.service(owner.key)
        deadline = self.clock.monotonic() + START_LIMIT_S
        while standing.starting(files) and self.clock.monotonic() < deadline:
            self.clock.sleep(LOOK_S)
        live = self._live(files)
        address = owner.owns(live.labels) if live else None
        return [live] if live and address and address.kind == KIND else []

    def begin(self, step: Step) -> Pending:
        files, labels = self.run.of_step(step), labels_of(step)
        if step.action is not Action.delete:
            end_astray(files, labels, step.address, self.clock)
        with self.run.changing:
            if step.action is Action.delete:
                token = self._stop(files, labels)
            else:
                assert step.desired is not None
                token = self._start(files, labels, step.address, step.desired.properties)
        return Pending(ref=_ref(files), action=step.action, token=str(token))

    def poll(self, pending: Pending) -> Running | Done | Failed:
        files, token = self.run.of(pending.ref), _Token.read(pending.token)
        return self._stopped(files, token) if pending.action is Action.delete else self._started(files, token)

    def managed(self, desired: Resource, live: Live) -> Properties:
        """Where any port will do, whichever it is fits. A server that does not answer says so: it is to be replaced."""
        there = live.properties
        if there["astray"]:
            # What it was started with is not known: that it does not answer is the one difference.
            return {**desired.properties, "answers": False}
        port = ANY_PORT if desired.properties["port"] == ANY_PORT else there["bound_port"]
        silent = {"answers": False} if there["silence"] else {}
        return {"host": there["host"], "port": port, "grace_s": there["grace_s"], **silent}

    def health(self, desired: Resource, live: Live) -> Health:
        there = live.properties
        if not there["silence"]:
            return Health(HealthStatus.healthy)
        return Health(HealthStatus.failed, f"process {there['pid']} does not answer: {there['silence']}")

    def preflight(self, desired: Resource, live: Live | None) -> Sequence[Diagnostic]:
        port = desired.properties["port"]
        files = self.run.service(desired.address.key)
        return () if port == ANY_PORT else preflight.of_port(files, desired.address, desired.properties["host"], port, live)

    def last_lines(self, live: Live, count: int) -> Sequence[str]:
        return last_lines(self.run.of(live.ref).log, count)

    def _start(self, files: ServiceDirectory, labels: Mapping[str, str], address: Address, wanted: Properties) -> _Token:
        host, now = wanted["host"], self.clock.now().timestamp()
        port = 0 if wanted["port"] == ANY_PORT else wanted["port"]
        running = standing.processes(files)
        if running:
            refuse_foreign(files, labels, address, running)
            _refuse_ending(files, address)
            return _Token(processes=_plain(running), since=now, host=host, port=port)
        port = port or _earlier_port(standing.settings(files) or self._replaced.get(files.id), labels, host)
        settings = ServerSettings(
            service=address.service, host=host, port=port, directory=str(files.path), labels=labels, grace_s=wanted["grace_s"]
        )
        try:
            # A record without its process would make the new one look astray.
            remove(files.record)
            write_private(files.settings, dumps(settings))
            offset = files.log.stat().st_size if files.log.exists() else 0
            child = start_server(files.settings, files.log, labels)
        except OSError as error:
            raise ProviderError.of(
                "server-start",
                summary="the model server's process cannot be started",
                detail=str(error),
                at=str(address),
                remedy="mend what the system complains of, such as a full disk or the limit of processes, then apply again",
            ) from error
        return _Token(processes=_plain((child,)), since=now, host=host, port=port, log_offset=offset)

    def _started(self, files: ServiceDirectory, token: _Token) -> Running | Done | Failed:
        record = standing.serving(files)
        if record is not None and _silence(files) is None:
            _remember_port(files, record)
            return Done(ref=_ref(files))
        waited = self.clock.now().timestamp() - token.since
        processes = token.alive(files) or standing.processes(files)
        if processes and waited <= token.limit_s:
            return Running(detail="waits for the server to listen", after_s=LOOK_S)
        for process in processes:
            process.send(signal.SIGKILL, files.settings)
        failed = failure.of_start(
            files,
            host=token.host,
            port=token.port,
            status=next((i.exit_status for i in token.identities if i.exit_status is not None), None),
            waited_s=waited if processes else None,
            log_offset=token.log_offset,
        )
        if not processes:
            with self.run.changing:
                standing.sweep(self.run, files)
        return failed

    def _stop(self, files: ServiceDirectory, labels: Mapping[str, str]) -> _Token:
        now = self.clock.now().timestamp()
        running = standing.processes(files)
        if running and standing.labels(files) not in ({}, labels):
            # Another owner's: ours is absent already.
            return _Token(processes=(), since=now, limit_s=0.0)
        given = standing.settings(files)
        for process in running:
            process.send(signal.SIGTERM, files.settings)
        grace_s = given.grace_s if given else UNKNOWN_GRACE_S
        return _Token(processes=_plain(running), since=now, limit_s=grace_s + KILL_AFTER_GRACE_S)

    def _stopped(self, files: ServiceDirectory, token: _Token) -> Running | Done:
        left = token.alive(files)
        if left:
            overdue = self.clock.now().timestamp() - token.since > token.limit_s
            for process in left if overdue else ():
                process.send(signal.SIGKILL, files.settings)
            return Running(detail="ends its process" if overdue else "finishes the requests it has", after_s=LOOK_S)
        with self.run.changing:
            if not standing.processes(files):
                if given := standing.settings(files):
                    # A replacement deletes first, and its successor is to have the same port.
                    self._replaced[files.id] = given
                remove(*files.server_files)
                remove_empty(files.artifacts, files.path)
        return Done(ref=_ref(files))

    def _live(self, files: ServiceDirectory) -> Live | None:
        record = standing.serving(files)
        if record is None:
            return astray_live(files, _ref(files))
        return Live(
            ref=_ref(files),
            properties={
                "host": record.host,
                "port": record.port,
                "grace_s": record.grace_s,
                "url": standing.url(record),
                "bound_port": record.port,
                "pid": record.pid,
                "started": record.started,
                "directory": str(files.path),
                "instance": standing.instance(record),
                "silence": _silence(files, LOOK_WITHIN_S),
                "astray": False,
            },
            labels=record.labels,
        )


def _refuse_ending(files: ServiceDirectory, address: Address) -> None:
    """A server closes its control socket at its end, and the record goes last: such a one is not to be adopted."""
    if standing.serving(files) is None:
        return
    try:
        Control(files.socket).status()
    except NobodyListensError as error:
        raise TransientProviderError.of(
            "server-ending",
            summary="the service's earlier server is still ending",
            detail=f"a process in {files.path} no longer takes requests",
            at=str(address),
            remedy="apply again in a moment; if the process stays, end it",
        ) from error
    except ControlError:
        return


def _silence(files: ServiceDirectory, within_s: float = ANSWER_WITHIN_S) -> str | None:
    """Why the server does not answer on its control socket; None where it does."""
    try:
        Control(files.socket, within_s).status()
    except ControlError as error:
        return str(error)
    return None


def _earlier_port(earlier: ServerSettings | None, labels: Mapping[str, str], host: str) -> int:
    """The port that this service had before its server ended, if it is still free; else 0."""
    if earlier is None or earlier.labels != labels or earlier.host != host or not earlier.port:
        return 0
    return earlier.port if free(host, earlier.port) else 0


def _remember_port(files: ServiceDirectory, record: ServerRecord) -> None:
    """The settings outlive the process: the next one is to take the same port."""
    given = standing.settings(files)
    if given is not None and given.port != record.port:
        write_private(files.settings, dumps(ServerSettings(**{**asdict(given), "port": record.port})))


def _plain(processes: Sequence[Identity]) -> tuple[tuple[int, float], ...]:
    return tuple((p.pid, p.started) for p in processes)


def _ref(files: ServiceDirectory) -> Ref:
    return Ref(kind=KIND, id=files.id)
