"""What a command asks before it changes anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from infractl.cli import terminal
from infractl.domain.plan import Plan
from infractl.report.plan_text import plan_text


@pytest.mark.parametrize(
    ("environment", "question"), [("default", "Do you want to go on?"), ("production", "Do you want to go on in production?")]
)
def test_the_question_names_an_environment_that_was_chosen(
    environment: str, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()

    def refuse(text: str, otherwise: str) -> bool:
        asked.append(text)
        return False

    monkeypatch.setattr(terminal, "ask", refuse)
    plan = Plan(
        project="shop",
        environment=environment,
        services=(),
        providers={},
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        created_by="ada",
        infractl="1",
    )

    assert not terminal.approval(auto=False, question="Do you want to go on", text=plan_text)(plan)
    assert asked == [question]


ASKED = """\
import signal, sys, threading
from infractl.cli.terminal import ask
signal.signal(signal.SIGTERM, signal.default_int_handler)
threading.Thread(target=signal.pause, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
try:
    print(ask("Go on?"))
except KeyboardInterrupt:
    print("interrupted")
"""
"""The signal reaches the other thread, and breaks off no read of this one, as one does that comes just before a read begins."""


def test_a_signal_that_breaks_off_no_read_ends_the_wait_for_an_answer() -> None:
    assert answered(b"") == "interrupted"


def test_the_wait_goes_on_after_a_signal_that_does_not_interrupt() -> None:
    assert answered(b"yes\n", "signal.signal(signal.SIGTERM, lambda *_: sys.stderr.write('heard'))") == "True"


def answered(typed: bytes, before: str = "") -> str:
    """What a process prints that is sent SIGTERM at the prompt, and to which `typed` is typed once it has `heard`."""
    parent, child = os.openpty()
    code = ASKED.replace("try:", f"{before}\ntry:")
    asking = subprocess.Popen([sys.executable, "-c", code], stdin=child, stdout=subprocess.PIPE, stderr=child, text=True)
    os.close(child)
    _read_until(parent, b"Only yes goes on: ")
    time.sleep(0.3)  # so that it waits
    asking.send_signal(signal.SIGTERM)
    if typed:
        _read_until(parent, b"heard")
        os.write(parent, typed)
    out, _ = asking.communicate(timeout=60)
    os.close(parent)
    return out.strip()


def _read_until(terminal: int, words: bytes) -> None:
    shown = b""
    while words not in shown:
        shown += os.read(terminal, 65536)
