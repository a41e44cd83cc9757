"""The user's wish to stop: set by a signal, asked before each new step."""

from __future__ import annotations

import threading


class Stop:
    """Set once, never unset. Steps that run are finished and recorded; nothing new begins."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def request(self) -> None:
        self._event.set()

    @property
    def requested(self) -> bool:
        return self._event.is_set()
