"""Takes a service's lock, and waits for it as long as whoever asked wants to."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from infractl.domain.address import ServiceKey
from infractl.errors import LockHeldError
from infractl.state.store import Lease
from infractl.workflows.workspace import Workspace, command

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
"""Between two tries: doubled from try to try, and drawn from the upper half, so that two who wait do not try in step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a command waits for all the locks that it needs, and who is told whom it waits for."""

    limit_s: float
    tell: Callable[[str], None]


IMPATIENT = Patience(limit_s=0.0, tell=lambda _: None)


def lock(workspace: Workspace, key: ServiceKey, patience: Patience, *, since: float) -> Lease:
    """The lock, tried for until `patience.limit_s` after `since` (of the workspace's clock). Raises LockHeldError after that."""
    told, pause_s = "", FIRST_PAUSE_S
    while True:
        try:
            return workspace.stores.state.lock(key, command())
        except LockHeldError as error:
            left_s = since + patience.limit_s - workspace.clock.monotonic()
            if left_s <= 0:
                raise
            holder = error.diagnostics[0].detail
        if holder != told:
            patience.tell(f"{key.service}: waiting for its lock, at most {left_s:.0f}s: {holder}")
            told = holder
        workspace.clock.sleep(min(left_s, random.uniform(0.5, 1.0) * pause_s))
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
