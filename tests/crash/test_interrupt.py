"""What happens to a running apply, and what others see of it, while it stands at a known point."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

Hold = Any


def test_a_wish_to_stop_lets_the_step_end_and_begins_no_other(fragile: Any, hold: Hold) -> None:
    fragile.write()
    applying = hold("server:create:before", "apply", "--auto-approve")
    applying.process.send_signal(signal.SIGINT)
    time.sleep(0.3)

    code, out, errors = applying.let_go()

    assert code == 130
    assert "scores.server.main: created" in errors
    assert "2 done, 1 not started" in out
    assert errors.splitlines()[-1] == "Stopped as you asked. Run the command again to go on from here."
    assert len(fragile.servers()) == 1
    assert fragile.run("apply", "--auto-approve").stdout.count("will be created") == 1
    assert fragile.run("plan", "--detailed-exitcode").stdout.startswith("No changes.")


def test_asked_twice_it_stops_at_once_and_the_next_apply_settles(fragile: Any, hold: Hold) -> None:
    fragile.write()
    applying = hold("server:create:after", "apply", "--auto-approve")
    for _ in range(2):
        applying.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)

    _, errors = applying.process.communicate(timeout=30)

    assert applying.process.returncode == 130
    assert "Stopped at once" in errors
    fragile.run("apply", "--auto-approve")
    assert len(fragile.servers()) == 1
    assert fragile.run("plan", "--detailed-exitcode").stdout.startswith("No changes.")


def test_a_terminal_that_is_closed_asks_once_however_often_it_says_so(fragile: Any, hold: Hold) -> None:
    fragile.write()
    applying = hold("server:create:before", "apply", "--auto-approve")
    for _ in range(2):
        applying.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)

    code, out, errors = applying.let_go()

    assert code == 130
    assert "2 done, 1 not started" in out
    assert errors.splitlines()[-1] == "Stopped as you asked. Run the command again to go on from here."


def test_others_see_who_holds_the_lock_and_a_whole_picture(fragile: Any, hold: Hold) -> None:
    fragile.write()
    applying = hold("route:create:before", "apply", "--auto-approve")

    plan = json.loads(fragile.run("plan", "--json").stdout)
    status = fragile.run("status").stdout
    refused = fragile.run("apply", "--auto-approve", code=3)
    code, *_ = applying.let_go()

    notices = {n["code"]: n["text"] for s in plan["plan"]["services"] for n in s["notices"]}
    actions = {c["address"]["kind"]: c["action"] for s in plan["plan"]["services"] for c in s["changes"]}
    assert f"pid {applying.process.pid}" in notices["lock-held"]
    assert actions == {"artifact": "no-op", "server": "no-op", "route": "create"}, "what is done is known at once"
    assert "apply" in status and f"pid {applying.process.pid}" in status
    assert str(applying.process.pid) in refused.stderr
    assert code == 0


def test_a_first_apply_that_stands_still_can_be_unlocked(fragile: Any, hold: Hold) -> None:
    fragile.write()
    applying = hold("artifact:create:before", "apply", "--auto-approve")
    refused = fragile.run("apply", "--auto-approve", code=3).stderr
    lock = refused.split("infractl state unlock ")[1].split()[0]

    fragile.run("state", "unlock", lock, "--auto-approve")
    fragile.run("apply", "--auto-approve")
    code, _, errors = applying.let_go()

    assert code != 0 and "state-epoch" in errors
    assert len(fragile.servers()) == 1
    assert fragile.run("plan", "--detailed-exitcode").stdout.startswith("No changes.")


@pytest.mark.parametrize("answer", ["no", signal.SIGINT, signal.SIGTERM], ids=str)
def test_at_the_prompt_nothing_has_been_changed(folder: Any, answer: str | signal.Signals) -> None:
    folder.write()
    folder.run("plan")  # so that the calibration is there
    parent, child = os.openpty()
    asking = subprocess.Popen(
        folder.command("apply"), cwd=folder.path, env=folder.environment, stdin=child, stdout=child, stderr=child, close_fds=True
    )
    os.close(child)
    shown = b""
    while b"Only yes goes on" not in shown:
        shown += os.read(parent, 65536)
    if isinstance(answer, signal.Signals):
        asking.send_signal(answer)
    else:
        os.write(parent, b"no\n")

    assert asking.wait(30) == (1 if answer == "no" else 130)
    os.close(parent)
    assert folder.servers() == []
    assert not Path(folder.path, ".infractl", "run").exists() or folder.run_files() == []
