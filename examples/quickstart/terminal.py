"""Runs infractl as a user would, in a terminal, and shows each command before its output."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

LIMIT_S = 180.0
"""No command of the demo takes nearly as long."""


class SurpriseError(Exception):
    """Something is not as the demo promises."""


class StoppedError(Exception):
    """The user, or whoever started the demo, wants it to stop."""


class Interrupts:
    """Turns SIGINT and SIGTERM into StoppedError; not while a process is born, whom nobody would know then."""

    def __init__(self) -> None:
        self._holding = False
        self._asked = False

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within it a signal is kept for `release`."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False

    def release(self) -> None:
        """Raise StoppedError if a signal was kept."""
        if self._asked:
            self._asked = False
            raise StoppedError

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if not self._holding:
            raise StoppedError
        self._asked = True


interrupts = Interrupts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    exit_code: int
    stdout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Commands run in `folder`.

    Each inherits the descriptor `lock`: should the demo be killed while one runs, the next demo waits for that one's end.
    """

    folder: Path
    lock: int

    def infractl(self, *arguments: str, expect: int = 0) -> None:
        """Show a command and run it, its output going where the demo's goes. Another exit code than `expect` is a surprise."""
        self._show(arguments)
        _check(arguments, self._run(arguments, stdout=None), expect)

    def answer(self, *arguments: str) -> str:
        """Show a command and its output, and give the output."""
        self._show(arguments)
        result = self._run(arguments, stdout=subprocess.PIPE)
        print(result.stdout, flush=True)
        _check(arguments, result, 0)
        return result.stdout

    def ask(self, *arguments: str) -> str:
        """The output of a command, without showing anything but its errors."""
        result = self._run(arguments, stdout=subprocess.PIPE)
        _check(arguments, result, 0)
        return result.stdout

    def _show(self, arguments: Sequence[str]) -> None:
        print(f"$ {_command(arguments)}", flush=True)

    def _run(self, arguments: Sequence[str], stdout: int | None) -> Result:
        with interrupts.held():
            # A process group of its own: a Ctrl-C reaches the demo alone, which passes it on.
            process = subprocess.Popen(
                [sys.executable, "-m", "infractl", *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                text=True,
                pass_fds=(self.lock,),
                process_group=0,
            )
        stopped: StoppedError | None = None
        while True:
            try:
                interrupts.release()
                output, _ = process.communicate(timeout=LIMIT_S)
                break
            except StoppedError as error:
                stopped = error
                process.send_signal(signal.SIGINT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                raise SurpriseError(f"`{_command(arguments)}` did not end within {LIMIT_S:.0f} s") from None
        if stopped:
            raise stopped
        return Result(exit_code=process.returncode, stdout=output or "")


def _command(arguments: Sequence[str]) -> str:
    return shlex.join(("infractl", *arguments))


def _check(arguments: Sequence[str], result: Result, expect: int) -> None:
    if result.exit_code != expect:
        raise SurpriseError(f"`{_command(arguments)}` exited with {result.exit_code} instead of {expect}")
