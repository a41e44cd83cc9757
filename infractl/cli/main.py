"""The entry points: run a command, and fix the exit code. What went wrong is told in `failure`.

Scripts and probes ask for the version, and wait for whatever is imported here: next to nothing.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
from contextlib import suppress

from infractl import __version__

TYPE_CHECKING = False
"""As in typing, whose import takes longer than the answer to --version."""
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


INTERRUPTED = 130


def program() -> NoReturn:
    """Run the command that the process was started for, and end it at once.

    Python would take all modules apart first, which is a tenth of a short command. What was registered to run at the end
    runs; a thread that still works, unless it is a daemon, or a tool that watches this process, has the usual end.
    """
    try:
        main()
    except SystemExit as end:
        watched = sys.gettrace() or sys.getprofile()
        # Whoever interrupts a command does not wait for a provider that does not answer.
        if not isinstance(end.code, int) or watched or (end.code != INTERRUPTED and _works()):
            raise
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # of stdout, `main` has told; of stderr, there is nowhere to tell
                if stream:
                    stream.flush()
        os._exit(end.code)


def _works() -> bool:
    """Whether a thread still does what must not be broken off."""
    threading = sys.modules.get("threading")
    return threading is not None and any(t is not threading.main_thread() and not t.daemon for t in threading.enumerate())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code: see docs/reference/exit-codes.md."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # What imports make lives as long as the command: looking through it for garbage is a tenth of a short one.
    gc.set_threshold(100_000, 50, 50)
    _open_streams()
    # A pipeline that is cancelled sends SIGTERM, and a terminal that is closed SIGHUP, which nohup has us ignore: they are
    # answered as Ctrl-C is, and locks are given back.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    debug = "--debug" in words
    try:
        code = _run([word for word in words if word != "--debug"] or ["--help"])
        sys.stdout.flush()
        code = _told(code)
    except KeyboardInterrupt:
        # Asked once is enough: a second Ctrl-C would break off the sentence that says so.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        from infractl.cli.failure import interrupted, tell

        code = tell(interrupted())
    except BrokenPipeError:
        # The reader of our output went away, as `head` does: no reader, no message.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:  # noqa: BLE001 - a traceback is for developers: users get a sentence
        from infractl.cli.failure import tell, trace

        code = trace(error) if debug else tell(error)
    # What was to happen has happened: a late Ctrl-C must not change what the code says.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if signal.getsignal(signal.SIGHUP) is signal.default_int_handler:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    raise SystemExit(code)


def _told(code: int) -> int:
    """The code of a command whose work is done, 1 instead of 0 where stdout could not take what it had to say."""
    terminal = sys.modules.get("infractl.cli.terminal")
    if terminal is None or not terminal.unwritten:
        return code
    from infractl.cli.failure import tell, unsaid

    return code or tell(unsaid(terminal.unwritten.pop()))


def _open_streams() -> None:
    """A stream that the caller closed is None in Python: it is empty then, and what is written to it goes nowhere.

    A character that the terminal cannot show, or half of one in a file's name, is shown by its number.
    """
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115 - pathlib costs every start
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - pathlib costs every start
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _run(words: list[str]) -> int:
    if words == ["--version"]:
        # Answered before anything else is imported: it is what scripts and probes call.
        sys.stdout.write(f"infractl {__version__}\n")
        return 0
    from infractl.cli.app import UsageProblem, application

    try:
        code = application(words[0])(words, standalone_mode=False, prog_name="infractl")
    except UsageProblem as problem:
        from infractl.cli.failure import tell_misuse

        return tell_misuse(problem.format_message(), getattr(problem, "option_name", ""))
    return code if isinstance(code, int) else 0
