"""Runs infractl again and again, in children that are forked once all is imported: a run costs its work and no start.

`Launcher` is the tests' side. `python -m tests.crash.launcher` is the other: one thread, one request a line, one answer a line.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.point import Points

ROOT = Path(__file__).parents[2]
RUN_LIMIT_S = 60.0
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""A child of a process with threads has none of them."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended, what it told, which places it passed how often, and how long it took from its lock to its end.

    A run that was killed could not tell the last two.
    """

    code: int
    text: str
    passed: Mapping[str, int] = field(default_factory=dict)
    took_s: float = 0.0

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


@dataclass(frozen=True, kw_only=True)
class Death:
    """When a run is killed: at a place (its nth time), or so many seconds after it took its lock."""

    place: str = ""
    nth: int = 0
    after_s: float | None = None

    def __str__(self) -> str:
        return f"{self.place} #{self.nth}" if self.place else f"{self.after_s:.4f} s after the lock"


class Launcher:
    """Runs commands in `project`. `wrap` is put before the command that starts the other side."""

    def __init__(self, project: Path, environment: Mapping[str, str], wrap: Sequence[str] = ()) -> None:
        self.project = project
        self.environment = environment
        command = [*wrap, sys.executable, "-m", "tests.crash.launcher", str(project)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env={**environment, **ONE_THREAD}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def run(self, *words: str, death: Death | None = None) -> Ended:
        return self.end(self.start(*words, death=death))

    def start(self, *words: str, death: Death | None = None, halts: Mapping[str, str] | None = None) -> int:
        """The number of a run that goes on by itself."""
        death = death or Death()
        request = {"words": words, "die_at": death.place, "nth": death.nth, "after_s": death.after_s, "halts": halts or {}}
        return int(self._ask("start", **request)["pid"])

    def end(self, pid: int) -> Ended:
        """Waits until it has ended."""
        return Ended(**self._ask("end", pid=pid))

    def ended(self, pid: int) -> bool:
        return bool(self._ask("ended", pid=pid)["ended"])

    def kill(self, pid: int) -> None:
        self._ask("kill", pid=pid)

    def _ask(self, do: str, **given: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"do": do, "given": given}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the launcher has ended; see its errors above"
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass
class Child:
    """A run as its parent sees it. Its pipe tells a byte when it takes its lock, and ends with it."""

    pid: int
    pipe: int
    output: Path
    after_s: float | None
    code: int | None = None

    def wait(self) -> int:
        if self.code is None and self.after_s is not None and self._began():
            time.sleep(self.after_s)
            os.kill(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + RUN_LIMIT_S
        while not self.ended():
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.0005)
        assert self.code is not None
        return self.code

    def ended(self) -> bool:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code is not None

    def _began(self) -> bool:
        select.select([self.pipe], [], [], RUN_LIMIT_S)
        return bool(os.read(self.pipe, 1))


class Nursery:
    """The other side: forks the children, and waits for them."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.children: dict[int, Child] = {}
        self.number = 0

    def start(self, words: Sequence[str], die_at: str, nth: int, after_s: float | None, halts: Mapping[str, str]) -> Any:
        self.number += 1
        output = self.project.parent / f"run-{self.number}"
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            points = Points(die_at, nth, halts)
            _live(words, self.project, output, points, writer)
        os.close(writer)
        self.children[pid] = Child(pid, reader, output, after_s)
        return {"pid": pid}

    def ended(self, pid: int) -> Any:
        return {"ended": self.children[pid].ended()}

    def kill(self, pid: int) -> Any:
        if not self.children[pid].ended():
            os.kill(pid, signal.SIGKILL)
        return {}

    def end(self, pid: int) -> Any:
        child = self.children.pop(pid)
        code = child.wait()
        os.close(child.pipe)
        text, told = child.output.read_text(errors="replace"), child.output.with_suffix(".told")
        answer = {"code": code, "text": text, **(json.loads(told.read_text()) if told.exists() else {})}
        child.output.unlink()
        told.unlink(missing_ok=True)
        return answer


def _live(words: Sequence[str], project: Path, output: Path, points: Points, pipe: int) -> None:
    """A child's whole life."""
    for descriptor, path in ((0, os.devnull), (1, output), (2, output)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = (open(d, "w", buffering=1, closefd=False) for d in (1, 2))  # noqa: SIM115
    sys.argv = ["infractl", *words]
    os.chdir(project)
    began: list[float] = []
    tell = os.write

    def take_time() -> None:
        began.append(time.monotonic())
        with suppress(OSError):
            tell(pipe, b".")

    points.watch(take_time)
    code = 99
    try:
        from infractl.cli.main import main

        main(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - a child of a fork must never run on in its parent's code
        traceback.print_exc()
    sys.stdout.flush()
    took_s = time.monotonic() - began[0] if began else 0.0
    output.with_suffix(".told").write_text(json.dumps({"passed": points.passed, "took_s": took_s}))
    os._exit(code)


def _import_all(nursery: Nursery) -> None:
    """What a first plan imports, so that no later child does. The plan itself is a child's: it leaves no threads here."""
    names = nursery.project.parent / "modules.json"
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        from infractl.cli.main import main

        os.chdir(nursery.project)
        with suppress(SystemExit):
            main(["apply", "--auto-approve"])
        with suppress(SystemExit):
            main(["destroy", "--auto-approve"])
        names.write_text(json.dumps(sorted(sys.modules)))
        os._exit(0)
    os.waitpid(pid, 0)
    for name in json.loads(names.read_text()):
        with suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def serve(project: Path) -> None:
    nursery = Nursery(project)
    _import_all(nursery)
    for line in sys.stdin:
        request = json.loads(line)
        answer = getattr(nursery, request["do"])(**request["given"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
