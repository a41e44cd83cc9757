"""The entry points: run a command, print what went wrong, and fix the exit code."""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from infractl import __version__
from infractl.errors import Diagnostic, InfractlError, Severity, StoppedError


def program() -> NoReturn:
    """Run the command that the process was started for, and end it at once.

    Python would take all modules apart first, which is a tenth of a short command. What was registered to run at the end
    runs; a thread that still works, or a tool that watches this process, has the usual end.
    """
    try:
        main()
    except SystemExit as end:
        threading = sys.modules.get("threading")
        watched = sys.gettrace() or sys.getprofile()
        if not isinstance(end.code, int) or watched or (threading and threading.active_count() > 1):
            raise
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):  # of stdout, `main` has told; of stderr, there is nowhere to tell
                if stream:
                    stream.flush()
        os._exit(end.code)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code: see docs/reference/exit-codes.md."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # What imports make lives as long as the command: looking through it for garbage is a tenth of a short one.
    gc.set_threshold(100_000, 50, 50)
    _open_streams()
    debug = "--debug" in words
    try:
        code = _run([word for word in words if word != "--debug"] or ["--help"])
        sys.stdout.flush()
    except KeyboardInterrupt:
        # Asked once is enough: a second Ctrl-C would break off the sentence that says so.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _tell(interrupted().diagnostics)
        code = StoppedError.exit_code
    except BrokenPipeError:
        # The reader of our output went away, as `head` does: no reader, no message.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except InfractlError as error:
        if debug:
            raise
        _tell(error.diagnostics)
        code = error.exit_code
    except OSError as error:
        if debug:
            raise
        detail = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        _tell([_problem("system", "the operating system refused something", detail, "mend that and run the command again")])
        code = 1
    except Exception as error:  # a traceback is for developers: users get a sentence
        if debug:
            raise
        detail = f"{type(error).__name__}: {error}"
        remedy = "run it again with --debug and report what it prints; the state is as the last finished step left it"
        _tell([_problem("internal", "infractl has a defect", detail, remedy)])
        code = 1
    # What was to happen has happened: a late Ctrl-C must not change what the code says.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(code)


def interrupted() -> StoppedError:
    return StoppedError.of("interrupted", summary="the command was interrupted", detail="what was finished before stays as it is")


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
        # The parser would exit with 2, which says "changes" here.
        remedy = _MEANT.get(getattr(problem, "option_name", ""), _HELP)
        _tell([_problem("usage", "the command line is not understood", problem.format_message(), remedy)])
        return 1
    return code if isinstance(code, int) else 0


_HELP = "infractl --help lists the commands, infractl COMMAND --help its options"
_ENV = "choose an environment with --env NAME"
_MEANT = {"-e": _ENV, "--environment": _ENV, "--environments": _ENV, "--stage": _ENV, "--workspace": _ENV}
"""What to write for options that other tools have."""


def _problem(slug: str, summary: str, detail: str, remedy: str) -> Diagnostic:
    return Diagnostic(slug=slug, severity=Severity.error, summary=summary, detail=detail, remedy=remedy)


def _tell(diagnostics: Sequence[Diagnostic]) -> None:
    from infractl.cli.terminal import style_of
    from infractl.report.diagnostic import render

    sys.stderr.write(render(diagnostics, color=style_of(sys.stderr).color))
