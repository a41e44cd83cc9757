"""A call of a plugin that takes too long, or for ever: it is left behind, and holds up neither the next call nor the end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from infractl.errors import TransientProviderError, UnansweredError
from infractl.provider.deadline import within


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    """What a call may wait for that is not to return; it does so after the test."""
    event = threading.Event()
    yield event
    event.set()


def test_what_a_call_answers_and_what_it_raises_arrive() -> None:
    def refuse() -> None:
        raise TransientProviderError.of("busy", summary="later")

    assert within(60.0, lambda: 7, "it") == 7
    with pytest.raises(TransientProviderError, match="busy"):
        within(60.0, refuse, "it")


def test_a_call_that_is_late_is_told_of_and_its_answer_is_nobodys(let_go: threading.Event) -> None:
    with pytest.raises(UnansweredError, match=r"read of disk did not answer within 0\.05s"):
        within(0.05, lambda: let_go.wait() and "late", "read of disk")

    let_go.set()
    assert [within(60.0, lambda n=n: n, "it") for n in range(100)] == list(range(100))  # type: ignore[misc]


def test_calls_of_many_threads_get_their_own_answers() -> None:
    answers: dict[int, list[int]] = {}

    def ask(number: int) -> None:
        answers[number] = [within(60.0, lambda n=n: (time.sleep(0), number * 1000 + n)[1], "it") for n in range(50)]  # type: ignore[misc]

    threads = [threading.Thread(target=ask, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [number * 1000 + n for n in range(50)] for number in range(8)}


def test_a_forked_process_asks_threads_of_its_own() -> None:
    assert within(60.0, lambda: 1, "it") == 1

    pid = os.fork()
    if not pid:
        try:
            within(20.0, lambda: 2, "it")
        except UnansweredError:
            os._exit(1)
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_process_ends_though_a_call_does_not() -> None:
    code = """
import time
from infractl.errors import UnansweredError
from infractl.provider.deadline import within
try:
    within(0.05, lambda: time.sleep(3600), "it")
except UnansweredError:
    print("left behind")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "left behind\n"
