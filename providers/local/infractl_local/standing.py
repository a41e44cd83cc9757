"""How a service's server stands, read off its directory and the process table. A record alone proves nothing."""

from __future__ import annotations

from collections.abc import Mapping

from infractl.protocol.settings import ServerRecord, ServerSettings, read_record, read_settings
from infractl_local.directory import RunDirectory, ServiceDirectory, remove, remove_empty
from infractl_local.process import Identity, held, servers


def serving(files: ServiceDirectory) -> ServerRecord | None:
    """The record of a server that runs: its pid has the recorded start time and the directory's lock is held."""
    try:
        record = read_record(files.record.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return record if identity(record).alive and held(files.lock) else None


def processes(files: ServiceDirectory) -> tuple[Identity, ...]:
    """Every process that is this directory's server, one that does not listen yet included; the recorded one first."""
    record = serving(files)
    known = (identity(record),) if record else ()
    return known + tuple(s for s in servers(files.settings) if s.pid not in {k.pid for k in known})


def starting(files: ServiceDirectory) -> bool:
    """Whether a server was started and does not listen yet."""
    return files.settings.exists() and serving(files) is None and bool(processes(files))


def labels(files: ServiceDirectory) -> Mapping[str, str]:
    """Whose the running or starting server is."""
    record = serving(files)
    if record is not None:
        return record.labels
    given = settings(files)
    return given.labels if given else {}


def settings(files: ServiceDirectory) -> ServerSettings | None:
    """What the last server was started with."""
    try:
        return read_settings(files.settings.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def identity(record: ServerRecord) -> Identity:
    return Identity(record.pid, record.started)


def instance(record: ServerRecord) -> str:
    """A name for the process, which no other has."""
    return f"{record.pid}-{record.started}"


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
