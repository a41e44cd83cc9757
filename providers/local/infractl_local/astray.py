"""Servers that go on after their files were removed or changed under them: how they are shown, and how they end."""

from __future__ import annotations

import signal
from collections.abc import Mapping

from infractl.clock import Clock
from infractl.domain.address import Address
from infractl.domain.resource import Live, Ref
from infractl.errors import ProviderError
from infractl_local import standing
from infractl_local.directory import ServiceDirectory
from infractl_local.foreign import refuse_foreign

UNKNOWN_GRACE_S = 10.0
"""For a server whose settings are gone: what this provider starts its servers with."""

KILL_AFTER_GRACE_S = 5.0
"""How long after its grace a server that was asked to stop may still be there."""

LOOK_S = 0.05


def astray_live(files: ServiceDirectory, ref: Ref) -> Live | None:
    """The server that is astray, as one that does not answer; None where there is none, or nothing tells whose it is."""
    found = standing.astray(files)
    labels = standing.told_labels(files, found[0]) if found else {}
    if not labels:
        return None
    unknown = dict.fromkeys(("host", "port", "grace_s", "url", "bound_port"))
    return Live(
        ref=ref,
        properties={
            **unknown,
            "pid": found[0].pid,
            "started": found[0].started,
            "directory": str(files.path),
            "instance": standing.instance(found[0]),
            "silence": f"its files in {files.path} were removed or changed while it ran",
            "astray": True,
        },
        labels=labels,
    )


def end_astray(files: ServiceDirectory, labels: Mapping[str, str], address: Address, clock: Clock) -> None:
    """End what is astray, so that another server can take its place: politely, then not. Waits at most grace and a little.

    Raises ProviderError where it is another owner's, or does not end.
    """
    found = standing.astray(files)
    if not found:
        return
    refuse_foreign(files, labels, address, found)
    given = standing.settings(files)
    grace_s = given.grace_s if given else UNKNOWN_GRACE_S
    for number, patience_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, KILL_AFTER_GRACE_S)):
        for process in found:
            process.send(number, files.settings)
        deadline_s = clock.monotonic() + patience_s
        while left := [process for process in found if process.serves(files.settings)]:
            if clock.monotonic() >= deadline_s:
                break
            clock.sleep(LOOK_S)
        if not left:
            return
    raise ProviderError.of(
        "server-stays",
        summary="a server whose files are gone does not end",
        detail=f"process {left[0].pid} is still there after SIGKILL",
        at=str(address),
        remedy="end the process, then apply again",
    )
