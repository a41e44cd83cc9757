"""Runs infractl as a user would, in a terminal, and shows each command before its output."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 180.0
"""No command of the demo takes nearly as long."""


class SurpriseError(Exception):
    """Something is not as the demo promises."""


class StoppedError(Exception):
    """The user, or whoever started the demo, wants it to stop."""


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

    def infractl(self, *arguments: str, expect: int = 0) -> str:
        """Run a command, show it with its output, and give its stdout. Another exit code than `expect` is a surprise."""
        command = shlex.join(("infractl", *arguments))
        print(f"$ {command}", flush=True)
        result = self.run(*arguments)
        print(result.stdout, end="" if result.stdout.endswith("\n") else "\n", flush=True)
        if result.exit_code != expect:
            raise SurpriseError(f"`{command}` exited with {result.exit_code} instead of {expect}")
        return result.stdout

    def run(self, *arguments: str, quiet: bool = False) -> Result:
        """Run a command without a word; progress and errors go to the demo's own stderr unless `quiet`."""
        # A process group of its own: a Ctrl-C reaches the demo alone, which passes it on once.
        process = subprocess.Popen(
            [sys.executable, "-m", "infractl", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            text=True,
            pass_fds=(self.lock,),
            process_group=0,
        )
        try:
            stdout, _ = process.communicate(timeout=LIMIT_S)
        except StoppedError:
            process.send_signal(signal.SIGINT)
            process.communicate()
            raise
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise SurpriseError(f"`infractl {shlex.join(arguments)}` did not end within {LIMIT_S:.0f} s") from None
        return Result(exit_code=process.returncode, stdout=stdout)
