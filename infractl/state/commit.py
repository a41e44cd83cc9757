"""What several threads write to one file at once becomes durable together: one of them writes for all that wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence


class Commit:
    """`write` writes lines, durably if it is told so, and is called by one thread at a time. Whoever adds a line waits for it."""

    def __init__(self, write: Callable[[Sequence[bytes], bool], None]) -> None:
        self._write = write
        self._guard, self._turn = threading.Lock(), threading.Lock()
        self._open: _Batch | None = None

    def add(self, line: bytes, *, durably: bool = True) -> None:
        """Raises what `write` raises, for every line that was to be written with it."""
        with self._guard:
            first = self._open is None
            batch = self._open = self._open or _Batch()
            batch.lines.append(line)
            batch.durably |= durably
        if first:
            self._settle(batch)
        else:
            batch.ended.wait()
        if batch.error is not None:
            raise batch.error

    def _settle(self, batch: _Batch) -> None:
        """Until the lines before are written, others join this batch."""
        try:
            with self._turn:
                self._close(batch)
                self._write(batch.lines, batch.durably)
        except BaseException as error:  # noqa: BLE001 - it is raised in each thread that waits
            batch.error = error
        finally:
            # Whoever is interrupted while it waits for its turn leaves nothing open, which nobody would write.
            self._close(batch)
            batch.ended.set()

    def _close(self, batch: _Batch) -> None:
        with self._guard:
            if self._open is batch:
                self._open = None


class _Batch:
    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.durably = False
        self.ended = threading.Event()
        self.error: BaseException | None = None
