"""How the process ends: at once, but with everything written, registered functions run and the exit code kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

START = """\
import atexit, sys, threading
{before}
from infractl.cli.main import program
sys.argv = ["infractl", {word!r}]
try:
    program()
finally:
    print("the usual end")
"""


def end(before: str = "", word: str = "--version") -> subprocess.CompletedProcess[str]:
    code = START.format(before=before, word=word)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(("word", "code"), [("--help", 0), ("--version", 0), ("--frobnicate", 1)])
def test_the_process_ends_at_once_and_nothing_is_lost(word: str, code: int) -> None:
    done = end(word=word)

    assert done.returncode == code
    assert "the usual end" not in done.stdout
    assert done.stdout.startswith(("Usage: infractl", "infractl 0.")) or "error[usage]" in done.stderr


def test_what_is_to_run_at_the_end_runs_and_may_write() -> None:
    done = end('atexit.register(lambda: print("at the end"))')

    assert done.stdout.splitlines()[1:] == ["at the end"]


@pytest.mark.parametrize(
    "before",
    [
        "sys.settrace(lambda *event: None)",
        "sys.setprofile(lambda *event: None)",
        "threading.Thread(target=threading.Event().wait, args=[2]).start()",
    ],
    ids=["traced", "profiled", "with a thread that works"],
)
def test_a_process_that_is_watched_or_still_works_has_the_usual_end(before: str) -> None:
    assert "the usual end" in end(before).stdout


def test_a_reader_that_leaves_is_no_reason_for_a_message() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "infractl", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stderr
    process.stdout.close()

    assert process.stderr.read() == ""
    assert process.wait(60) == 1
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_output_that_finds_no_room_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "infractl", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )

    assert done.returncode == 1
    assert done.stderr.startswith("error[system]: ") and "Exception ignored" not in done.stderr


@pytest.mark.parametrize("stream", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("word", ["--version", "--help"])
def test_a_stream_that_the_caller_closed_is_no_error(word: str, stream: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m infractl {word} {stream}', sys.executable], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0
    assert done.stderr == ""


INTERRUPTED_AT = """\
import os, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from infractl.cli.start import program
program()
"""


def test_who_interrupts_while_the_command_line_is_loaded_gets_no_traceback() -> None:
    words = [sys.executable, "-c", INTERRUPTED_AT, "infractl.cli.main"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 130
    assert done.stderr.startswith("error[interrupted]: ") and "Traceback" not in done.stderr
