"""How this provider talks to a server's control socket: how long it waits, and which ProviderError a failure becomes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infractl.errors import ProviderError, TransientProviderError
from infractl.protocol.control import ChangeRefusedError, ControlError, NobodyListensError, SilentError

LOOK_WITHIN_S = 2.0
"""For a look at how a server does, which a user waits for. Changes are given more time."""

_STOPPING = 503


@contextmanager
def provider_errors(socket: Path) -> Iterator[None]:
    """ControlErrors leave as ProviderErrors, transient ones where another try may meet a server that answers."""
    try:
        yield
    except ControlError as error:
        raise provider_error(error, socket) from error


def provider_error(error: ControlError, socket: Path) -> ProviderError:
    match error:
        case NobodyListensError() | SilentError():
            return TransientProviderError.of(
                "control-unreachable",
                summary="the server does not answer on its control socket",
                detail=str(error),
                at=str(socket),
                remedy="run infractl plan and apply again, which replace a server that does not answer",
            )
        case ChangeRefusedError(status=status):
            # A server that is stopping says so with 503: another will take its place.
            kind = TransientProviderError if status == _STOPPING else ProviderError
            return kind.of(
                "control-refused",
                summary="the server refused a change",
                detail=str(error),
                at=str(socket),
                remedy="run infractl plan again: the server is not as the last plan saw it",
            )
        case _:
            return ProviderError.of(
                "control-answer",
                summary="the server's control socket gives an answer that this version does not know",
                detail=str(error),
                at=str(socket),
                remedy="run infractl plan and apply again, which replace such a server",
            )
