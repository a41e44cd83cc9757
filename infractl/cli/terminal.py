"""What goes to stderr while a command works, how it asks, and how it hears that it should stop."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.errors import UsageError
from infractl.provider.secret import conceal
from infractl.report.style import Style

if TYPE_CHECKING:
    from types import FrameType
    from typing import TextIO

    from infractl.applying.stop import Stop
    from infractl.domain.event import Event
    from infractl.domain.plan import Plan

QUIET_S = 10.0
"""A step that waits is told of this often."""


unwritten: list[OSError] = []
"""Why something that was to be shown on stdout is not there: `main` tells it once the work is done."""


def style_of(stream: TextIO) -> Style:
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return Style(color=stream.isatty() and not plain)


def progress(text: str) -> None:
    """One line to stderr."""
    _write(sys.stderr, f"{text}\n")


def show(text: str) -> None:
    """Text to stdout, of a command whose work goes on whether or not anybody reads it."""
    _write(sys.stdout, text)


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(conceal(text))
        stream.flush()
    except OSError as error:
        # The reader has gone, as `head` does, or the disk is full. What is being changed must not stop half way for that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            unwritten.append(error)


def event_printer(steps: Callable[[], int]) -> Callable[[Event], None]:
    """Prints events as they come, from any thread; those of a waiting step at most every `QUIET_S` seconds.

    `steps`: how many there will be, asked once the first comes.
    """
    from infractl.domain.event import Phase
    from infractl.report.progress_text import Telling

    telling, told, lock = list[Telling](), dict[str, float](), threading.Lock()

    def emit(event: Event) -> None:
        with lock:
            now, key = time.monotonic(), str(event.address)
            if event.phase is Phase.waiting and now - told.get(key, 0.0) < QUIET_S:
                return
            told[key] = now
            if not telling:
                telling.append(Telling(steps(), style_of(sys.stderr)))
            for line in telling[0].lines(event):
                progress(line)

    return emit


def approval(auto: bool, question: str, text: Callable[[Plan, Style], str]) -> Callable[[Plan], bool]:
    """Shows the plan and asks, naming the environment unless it is the default one; without a terminal there is nobody to ask."""

    def approve(plan: Plan) -> bool:
        show(text(plan, style_of(sys.stdout)))
        if auto:
            return True
        if unwritten:
            # Nobody can approve what is not shown.
            raise unwritten.pop()
        where = "" if plan.environment == DEFAULT_ENVIRONMENT else f" in {plan.environment}"
        return ask(f"{question}{where}?", "; or save a plan with plan --out, have it reviewed, and apply that")

    return approve


def ask(question: str, otherwise: str = "") -> bool:
    """Whether the user answers yes. Raises UsageError where there is no terminal, whose remedy ends with what helps otherwise."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError.of(
            "no-terminal",
            summary="there is nobody to ask",
            detail="this needs approval, and this is no terminal",
            remedy=f"pass --auto-approve{otherwise}",
        )
    sys.stderr.write(f"\n{question} Only yes goes on: ")
    sys.stderr.flush()
    answer = _line()
    if not answer.endswith("\n"):
        # Ctrl-D: the prompt's line has no end yet.
        sys.stderr.write("\n")
    return answer.strip() == "yes"


def _line() -> str:
    """A line that is typed. Whoever interrupts is heard at once.

    A signal that comes after Python last looked for one and before the system waits for the line would be heard only once the
    line is there: the wait also ends with the byte that is written when a signal comes.
    """
    signalled, to_write = os.pipe()
    os.set_blocking(to_write, False)
    before = signal.set_wakeup_fd(to_write, warn_on_full_buffer=False)
    try:
        while sys.stdin not in select.select([sys.stdin, signalled], [], [])[0]:
            os.read(signalled, 64)
        return sys.stdin.readline()
    finally:
        signal.set_wakeup_fd(before)
        os.close(to_write)
        os.close(signalled)


@contextmanager
def stopping(stop: Stop) -> Iterator[None]:
    """A signal once asks to stop after what runs; twice ends the process at once, with the intents on disk.

    A terminal that is closed may send SIGHUP several times, which asks once.
    """

    def asked(number: int, frame: FrameType | None) -> None:
        if stop.requested:
            if number == signal.SIGHUP:
                return
            progress("Stopped at once. What was begun is written down: run the command again, and it settles that first.")
            os._exit(130)
        stop.request()
        progress("Stopping: finishing what runs. Once more stops at once.")

    heard = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        heard.append(signal.SIGHUP)
    before = {number: signal.signal(number, asked) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
