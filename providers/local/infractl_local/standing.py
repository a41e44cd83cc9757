"""How a service's server stands, read off its directory and the process table. A record alone proves nothing."""

from __future__ import annotations

from collections.abc import Mapping

from infractl.protocol.control import Control, ControlError
from infractl.protocol.settings import ServerRecord, ServerSettings, read_record, read_settings
from infractl_local.control import LOOK_WITHIN_S
from infractl_local.directory import RunDirectory, ServiceDirectory, remove, remove_empty
from infractl_local.process import Identity, held, labels_of, servers

START_LIMIT_S = 60.0
"""A server that does not listen by then never will."""


def serving(files: ServiceDirectory) -> ServerRecord | None:
    """The record of a server that runs: its process was started then, for this directory, and the lock is held."""
    record = _record(files)
    return record if record and identity(record).serves(files.settings) and held(files.lock) else None


def processes(files: ServiceDirectory) -> tuple[Identity, ...]:
    """Every process that is this directory's server, one that does not listen yet included; the recorded one first."""
    record = serving(files)
    known = (identity(record),) if record else ()
    return known + tuple(s for s in servers(files.settings) if s.pid not in {k.pid for k in known})


def starting(files: ServiceDirectory) -> bool:
    """Whether a server was started and does not listen yet."""
    return serving(files) is None and _may_be_starting(files, processes(files))


def astray(files: ServiceDirectory) -> tuple[Identity, ...]:
    """The directory's servers that its files no longer tell of: those were removed, or changed, while the server ran."""
    found = () if serving(files) else processes(files)
    # One that has just started may have written its record since.
    return () if not found or _may_be_starting(files, found) or serving(files) else found


def _may_be_starting(files: ServiceDirectory, found: tuple[Identity, ...]) -> bool:
    """A server is started after its settings were written and an earlier record removed, and answers after it wrote its own."""
    if not files.settings.exists() or files.record.exists() or not any(p.age_s < START_LIMIT_S for p in found):
        return False
    try:
        return Control(files.socket, LOOK_WITHIN_S).status().pid not in {p.pid for p in found}
    except ControlError:
        return True


def labels(files: ServiceDirectory) -> Mapping[str, str]:
    """Whose the directory's server is, whether or not it listens; nothing where no file tells."""
    known = serving(files) or settings(files) or _record(files)
    return known.labels if known else {}


def told_labels(files: ServiceDirectory, server: Identity) -> Mapping[str, str]:
    """The same of one that is astray: where no file tells, what the process was told."""
    return labels(files) or labels_of(server)


def settings(files: ServiceDirectory) -> ServerSettings | None:
    """What the last server was started with."""
    try:
        return read_settings(files.settings.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _record(files: ServiceDirectory) -> ServerRecord | None:
    """What the record says, true or not."""
    try:
        return read_record(files.record.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def identity(record: ServerRecord) -> Identity:
    return Identity(record.pid, record.started)


def instance(process: ServerRecord | Identity) -> str:
    """A name for the process, which no other has."""
    return f"{process.pid}-{process.started}"


def url(record: ServerRecord) -> str:
    """Where a client on this machine reaches the server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(record.host, record.host)
    return f"http://[{host}]:{record.port}" if ":" in host else f"http://{host}:{record.port}"


def sweep(run: RunDirectory, files: ServiceDirectory) -> None:
    """Remove what a dead server left behind, once no artifact of the service is left either.

    A server that died is absent and nobody deletes it: whoever removes the service's last object tidies up after it.
    Called while `run.changing` is held.
    """
    remove_empty(files.artifacts)
    if not files.artifacts.exists() and not processes(files):
        remove(*files.server_files)
        remove_empty(files.path)
