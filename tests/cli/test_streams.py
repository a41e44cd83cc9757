"""Streams that are closed, full, endless or of another encoding: no traceback, no hang, and nothing is written over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

INFRACTL = f"{sys.executable} -m infractl"


def shell(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        timeout=60,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", ["--version", "schema"])
def test_output_that_finds_no_room_is_an_error_and_no_traceback(words: str) -> None:
    done = shell(f"{INFRACTL} {words} >/dev/full")

    assert done.returncode == 1
    assert done.stderr.startswith("error[system]")


@pytest.mark.parametrize("words", ["--version", "schema"])
def test_a_reader_that_goes_away_is_no_error_message(words: str) -> None:
    assert shell(f"{INFRACTL} {words} | true").stderr == ""


def test_a_terminal_that_knows_only_ascii_is_shown_the_rest_by_number() -> None:
    done = shell(f"{INFRACTL} schema spec.slo.latency.p99", PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()


def test_a_closed_stdin_is_an_empty_one() -> None:
    assert "request-unreadable" in shell(f"{INFRACTL} invoke digits --data - <&-").stderr


def test_an_endless_file_is_no_plan() -> None:
    done = shell(f"ulimit -v 4000000; {INFRACTL} show /dev/zero")

    assert (done.returncode, done.stderr.partition("]")[0]) == (1, "error[plan-unreadable")


def test_a_plan_is_written_over_a_plan_and_over_nothing_else(folder: Any) -> None:
    folder.write()
    document = (folder.path / "scores.yaml").read_text()

    refused = folder.run("plan", "--out", "scores.yaml", code=1).stderr
    folder.run("plan", "--out", "plan.json")
    folder.run("plan", "--out", "plan.json")

    assert "plan-not-saved" in refused
    assert (folder.path / "scores.yaml").read_text() == document


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [("apply", "--auto-approve"), ("destroy", "--auto-approve")])
def test_a_change_whose_report_finds_no_room_is_made_and_the_loss_is_told(folder: Any, words: tuple[str, ...]) -> None:
    folder.write()
    if words[0] == "destroy":
        folder.run("apply", "--auto-approve")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            folder.command(*words),
            cwd=folder.path,
            env=folder.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    assert done.returncode == 1
    assert "error[output-lost]: the work is done" in done.stderr and "No space left on device" in done.stderr
    assert bool(folder.run("state", "list").stdout) == (words[0] == "apply")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_apply_that_cannot_say_what_it_does_does_it_all_the_same(folder: Any) -> None:
    folder.write()
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            folder.command("apply", "--auto-approve"),
            cwd=folder.path,
            env=folder.environment,
            stdout=full,
            stderr=full,
            timeout=60,
        )

    assert done.returncode in (0, 1)
    assert folder.run("status").stdout.startswith("scores: healthy")
    assert "No changes." in folder.run("plan").stdout


def test_a_file_name_that_is_no_utf_8_can_stand_in_a_plan(folder: Any) -> None:
    (folder.path / "infractl.yaml").write_text("project: testing\nvalues: {peak: 20/s}\n")
    folder.write(peak='"${peak}"')
    (folder.path / "scores.yaml").rename(os.fsdecode(os.fsencode(folder.path) + b"/\xe9.yaml"))

    folder.run("plan", "--out", "plan.json")

    assert "scores" in folder.run("show", "plan.json").stdout
    assert '"given"' in folder.run("plan", "--json").stdout


def test_an_interrupted_command_says_so(folder: Any) -> None:
    pipe = folder.path / "request"
    os.mkfifo(pipe)
    reading = subprocess.Popen(
        folder.command("invoke", "scores", "--data", "request"), cwd=folder.path, stderr=subprocess.PIPE, text=True
    )
    with pipe.open("w"):  # once somebody reads
        reading.send_signal(signal.SIGINT)
        _, told = reading.communicate(timeout=30)

    assert (reading.returncode, told.partition("]")[0]) == (130, "error[interrupted")
