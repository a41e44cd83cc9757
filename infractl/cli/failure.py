"""A command's failure as its user reads it, on stderr, and the code that the command exits with."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from infractl.errors import Diagnostic, InfractlError, Severity, StoppedError

_HELP = "infractl --help lists the commands, infractl COMMAND --help its options"
_ENV = "choose an environment with --env NAME"
_MEANT = {"-e": _ENV, "--environment": _ENV, "--environments": _ENV, "--stage": _ENV, "--workspace": _ENV}
"""What to write for options that other tools have."""


def interrupted() -> StoppedError:
    return StoppedError.of("interrupted", summary="the command was interrupted", detail="what was finished before stays as it is")


def unsaid(error: OSError) -> InfractlError:
    return InfractlError.of(
        "output-lost",
        summary="the work is done, and what it had to say could not be written",
        detail=f"standard output: {error.strerror or error}",
        remedy="what was changed is changed and recorded: infractl status and infractl state list show it",
    )


def tell(error: Exception) -> int:
    match error:
        case InfractlError():
            _print(error.diagnostics)
            return error.exit_code
        case OSError():
            detail = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
            _print([_problem("system", "the operating system refused something", detail, "mend that and run the command again")])
        case _:
            detail = f"{type(error).__name__}: {error}"
            remedy = "run it again with --debug and report what it prints; the state is as the last finished step left it"
            _print([_problem("internal", "infractl has a defect", detail, remedy)])
    return 1


def trace(error: Exception) -> int:
    """For developers: all that is known of the failure, but for the secrets."""
    import traceback

    from infractl.provider.secret import conceal

    sys.stderr.write(conceal("".join(traceback.format_exception(error))))
    return error.exit_code if isinstance(error, InfractlError) else 1


def tell_misuse(detail: str, option: str) -> int:
    """Of the command line. The parser would exit with 2, which says "changes" here."""
    _print([_problem("usage", "the command line is not understood", detail, _MEANT.get(option, _HELP))])
    return 1


def _problem(slug: str, summary: str, detail: str, remedy: str) -> Diagnostic:
    return Diagnostic(slug=slug, severity=Severity.error, summary=summary, detail=detail, remedy=remedy)


def _print(diagnostics: Sequence[Diagnostic]) -> None:
    from infractl.cli.terminal import style_of
    from infractl.provider.secret import conceal
    from infractl.report.diagnostic import render

    sys.stderr.write(conceal(render(diagnostics, color=style_of(sys.stderr).color)))
