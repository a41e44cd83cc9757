"""Trees against a network: train both, plan, apply, measure, compare, destroy.

Every figure of the table comes from one of these steps.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from table import contenders, table, verdict
from train import EXAMPLE, ROWS, train

FOLDER = EXAMPLE.parents[1] / "build" / "tabular-fraud"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the payments, and loads of a second: to see it run")
    quick = parser.parse_args().quick
    try:
        with project():
            compare(rows=ROWS // 10 if quick else ROWS, duration="1s" if quick else "5s")
            if quick:
                print("So few payments and so short a measurement tell no winner: without --quick they do.\n")
    except subprocess.CalledProcessError as error:
        print(f"\nThe example failed: `{shlex.join(error.cmd[2:])}` exited with {error.returncode}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def compare(rows: int, duration: str) -> None:
    title(f"Train both on {rows:,} payments")
    scores = train(FOLDER, rows)
    print(f"{scores['held_out']:,} payments held out, {scores['frauds']:,} of them frauds.")

    title("What each would do here")
    infractl("plan", "--out", "plan.json")
    plan = json.loads(answer("show", "plan.json", "--json"))

    title("Make it so, and measure")
    infractl("apply", "plan.json")
    for service in scores["models"]:
        infractl("bench", service, "--data", "held_out.npz", "--duration", duration)
    infractl("status")

    title("The comparison")
    rivals = contenders(scores, plan, json.loads(answer("status", "--json")))
    print(f"{table(scores, rivals)}\n\n{verdict(scores, rivals)}\n")


@contextmanager
def project() -> Iterator[None]:
    """The project in a folder of its own, for one run at a time, destroyed at the end.

    What an earlier run left, because it was cut short, is destroyed first.
    """
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with FOLDER.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"another run works in {FOLDER}; wait for its end, or stop it")
        if FOLDER.exists():
            destroy()
            shutil.rmtree(FOLDER)
        FOLDER.mkdir()
        try:
            yield
        finally:
            title("Away again")
            destroy()


def destroy() -> None:
    """Nothing runs of a project that was never planned."""
    if (FOLDER / ".infractl").exists():
        infractl("destroy", "--auto-approve")


def infractl(*words: str) -> None:
    """Show a command and run it."""
    print(f"$ {shlex.join(('infractl', *words))}", flush=True)
    subprocess.run([sys.executable, "-m", "infractl", *words], cwd=FOLDER, check=True)
    print(flush=True)


def answer(*words: str) -> str:
    """A command's output, unseen."""
    command = [sys.executable, "-m", "infractl", *words]
    return subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.PIPE, text=True).stdout


def title(text: str) -> None:
    print(f"── {text} {'─' * max(3, 96 - len(text))}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
