"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from infractl.domain.steering import Steering
    from infractl.workflows.lock import Patience
    from infractl.workflows.select import Asked

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files or directories with service documents. [default: the current directory]", show_default=False),
]
ProjectDirectory = Annotated[Path, typer.Option("--project", help="The project's directory.")]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask before changing anything.")]
LockTimeout = Annotated[
    str, typer.Option("--lock-timeout", metavar="TIME", help="How long to wait for locks that others hold, such as 30s.")
]
Parallelism = Annotated[
    int | None,
    typer.Option(
        "--parallelism",
        metavar="N",
        min=1,
        max=256,
        help="How many steps may run at once. [default: 8]",
        show_default=False,
    ),
]
Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="ADDRESS",
        help="Only this service or object (service.kind.name), and what it needs; may be given several times.",
        show_default=False,
    ),
]
Replace = Annotated[
    list[str] | None,
    typer.Option(
        "--replace",
        metavar="ADDRESS",
        help="Make this object (service.kind.name) anew, though nothing differs; may be given several times.",
        show_default=False,
    ),
]
RefreshOnly = Annotated[
    bool, typer.Option("--refresh-only", help="Take over into the record what lives, and touch nothing that lives.")
]
AdoptEmpty = Annotated[
    bool,
    typer.Option("--adopt-empty", help="Where a service's state document is lost, begin anew and adopt what carries its labels."),
]
Summary = Annotated[
    bool, typer.Option("--summary", help="A line for each service, or for each group to which the same happens, and the sums.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def declared_environments(incomplete: str) -> list[str]:
    """What a shell offers after `--env`: the environments of this directory's project that begin so."""
    from infractl.spec.find import environment_names, project_above

    project = project_above(Path())
    return [name for name in environment_names(project.parent) if name.startswith(incomplete)] if project else []


Env = Annotated[
    str | None,
    typer.Option(
        "--env",
        metavar="NAME",
        help="The environment that environments/NAME.yaml declares. [default: default, if there is one]",
        autocompletion=declared_environments,
    ),
]

Services = Annotated[
    list[str] | None,
    typer.Option("--service", metavar="NAME", help="Only this service. May be given several times.", show_default=False),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        "-l",
        metavar="SELECTOR",
        help="Only services with these labels: team=risk,tier!=test,gpu,!legacy. All must fit.",
        show_default=False,
    ),
]
ChangedSince = Annotated[
    str | None,
    typer.Option(
        "--changed-since",
        metavar="REF",
        help="Only services whose files changed since this branch left a git revision, committed or not.",
    ),
]


def given(paths: list[Path] | None) -> list[Path]:
    return paths or [Path()]


def asked(services: list[str] | None, labels: list[str] | None, changed_since: str | None = None) -> Asked:
    """Which services the options choose."""
    from infractl.workflows.select import Asked

    return Asked(services=services or (), labels=labels or (), changed_since=changed_since)


def patience(lock_timeout: str) -> Patience:
    """What `--lock-timeout` asks for. Raises UsageError."""
    from infractl.cli.terminal import progress
    from infractl.errors import UsageError
    from infractl.units import UnitError, parse_duration_s
    from infractl.workflows.lock import Patience

    try:
        return Patience(limit_s=parse_duration_s(lock_timeout), tell=progress)
    except UnitError as error:
        raise UsageError.of(
            "lock-timeout",
            summary="a time to wait has a value that cannot be",
            detail=f"--lock-timeout: {lock_timeout!r}: {error}",
            remedy="write a duration such as 30s or 5m",
        ) from None


def steering(target: list[str] | None, replace: list[str] | None = None, refresh_only: bool = False) -> Steering:
    """What the options ask for. Raises UsageError where they contradict each other."""
    from infractl.domain.steering import Steering
    from infractl.errors import UsageError

    if refresh_only and replace:
        raise UsageError.of(
            "options-together",
            summary="two options contradict each other",
            detail="--refresh-only touches nothing that lives, and --replace makes something anew",
            remedy="leave one of them out",
        )
    return Steering(targets=tuple(target or ()), anew=tuple(replace or ()), refresh_only=refresh_only)
