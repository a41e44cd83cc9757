"""The real command line, each time in a process of its own, forked from one that has imported it: a command costs no start.

`Forked` is the tests' side; `python -m tests.forked` is the other. Where the start itself is the matter, or signals are, a test
uses subprocess.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import NoReturn

ROOT = Path(__file__).parents[1]
RUN_LIMIT_S = 120
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""A child of a process with threads has none of them."""
IMPORTED_LATE = ("numpy", "onnx", "psutil", "pydantic", "cattrs")
NOT_IMPORTED = ("infractl.__main__", "infractl.runtime", "infractl.testing", "infractl.engines.onnxruntime")
"""What starts something when it is imported, as ONNX Runtime starts a thread, and what commands do not need."""


class Forked:
    """Runs commands, several at once if several threads ask."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked", str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, **ONE_THREAD},
                pass_fds=[theirs.fileno()],
            )

    def close(self) -> None:
        self._socket.close()
        self._process.wait(30)

    def run(
        self, words: Sequence[str], cwd: Path, environment: Mapping[str, str], stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """As subprocess.run does it. A command that takes too long is ended by SIGALRM."""
        given = json.dumps({"words": words, "cwd": str(cwd), "environment": dict(environment)})
        ours, theirs = socket.socketpair()
        with ours, TemporaryFile("w+") as request, TemporaryFile("w+") as said, TemporaryFile() as out, TemporaryFile() as err:
            for file, text in ((request, given), (said, stdin)):
                file.write(text)
                file.seek(0)
            with theirs:
                files = [theirs.fileno(), *(file.fileno() for file in (request, said, out, err))]
                socket.send_fds(self._socket, [b"."], files)
            ended = ours.recv(16)
            assert ended, "the process that commands are forked from has ended; see its errors above"
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        return subprocess.CompletedProcess(["infractl", *words], int(ended), *texts)


def serve(asked: socket.socket) -> None:
    _import_all()
    # Nobody asks how those ended that wait for the commands.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, files, *_ = socket.recv_fds(asked, 1, 5)
        if not message:
            return
        if os.fork() == 0:
            _wait_for_command(*files)
        for file in files:
            os.close(file)


def _import_all() -> None:
    for package in ("infractl", "infractl_local"):
        path = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(path, f"{package}."):
            if not module.name.startswith(NOT_IMPORTED):
                importlib.import_module(module.name)
    for name in IMPORTED_LATE:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _wait_for_command(answer: int, request: int, *streams: int) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        _live(request, streams)
    _, status = os.waitpid(pid, 0)
    os.write(answer, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _live(request: int, streams: Sequence[int]) -> NoReturn:
    """A command's whole life, from what `python -m infractl` sets up."""
    with open(request) as file:
        given = json.load(file)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, max(streams) + 1)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = (open(d, "w", closefd=False) for d in (1, 2))  # noqa: SIM115
    os.environ.clear()
    os.environ.update(given["environment"])
    os.chdir(given["cwd"])
    plugins = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [given["cwd"], *plugins, *sys.path[1:]]
    sys.argv = ["infractl", *given["words"]]
    signal.alarm(RUN_LIMIT_S)
    from infractl.cli.main import program

    program()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
