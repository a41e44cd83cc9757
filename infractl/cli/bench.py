"""`infractl bench`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from infractl.cli.json_text import json_text
from infractl.cli.parameter import AsJson, Env
from infractl.domain.bench import Scenario
from infractl.errors import UsageError
from infractl.units import UnitError, parse_duration_s, parse_rate_per_s

SHORTEST_S, LONGEST_S = 0.2, 600.0
MOST_PER_S = 100_000.0
MOST_CONNECTIONS = 1000


def bench(
    service: Annotated[str, typer.Argument(help="The service's name.", show_default=False)],
    project: Annotated[Path, typer.Option("--project", help="The project's directory.")] = Path(),
    env: Env = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Requests to send: JSON, a list of them or an .npz. [default: made from the model's inputs]"),
    ] = None,
    scenario: Annotated[
        list[Scenario] | None,
        typer.Option(
            "--scenario",
            case_sensitive=False,
            help="What to run; may be given several times. [default: SingleStream, Server, Saturation, Capacity]",
        ),
    ] = None,
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="RATE", help="Arrivals of Server and Constant. [default: the declared peak]")
    ] = None,
    duration: Annotated[
        str,
        typer.Option("--duration", metavar="TIME", help="How long each scenario is counted; the whole takes about eight times."),
    ] = "5s",
    connections: Annotated[
        int | None,
        typer.Option("--connections", metavar="N", help="Clients of Saturation and Offline. [default: from its batch]"),
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Keep the result in a store that others share as well.")] = False,
    json: AsJson = False,
) -> None:
    """Measure a running service as its clients see it.

    Shows each figure beside what was predicted and promised, and keeps it for the next plan.
    """
    duration_s = _within("--duration", duration, parse_duration_s, SHORTEST_S, LONGEST_S)
    rate_per_s = _within("--rate", rate, parse_rate_per_s, 1 / 60, MOST_PER_S) if rate is not None else None
    if connections is not None and not 1 <= connections <= MOST_CONNECTIONS:
        raise _refused("--connections", f"{connections} is not from 1 to {MOST_CONNECTIONS}")
    from infractl.cli.opening import opened
    from infractl.cli.terminal import progress, style_of
    from infractl.report.bench_text import bench_text
    from infractl.workflows.bench import BenchOptions, failed
    from infractl.workflows.bench import bench as run

    workspace = opened([project], env)
    wanted = BenchOptions(
        duration_s=duration_s,
        rate_per_s=rate_per_s,
        scenarios=tuple(scenario or ()),
        connections=connections,
        data=data,
        publish=publish,
    )
    result = run(workspace, service, wanted, progress)
    sys.stdout.write(json_text(result) if json else bench_text(result, style_of(sys.stdout)))
    if result.failure:
        sys.stdout.flush()
        raise failed(result)


def _within(option: str, text: str, parse: Callable[[str], float], least: float, most: float) -> float:
    try:
        value = parse(text)
    except UnitError as error:
        raise _refused(option, f"{text!r}: {error}") from None
    if not least <= value <= most:
        raise _refused(option, f"{text} is not from {least:.3g} to {most:g}, in seconds or a second")
    return value


def _refused(option: str, detail: str) -> UsageError:
    return UsageError.of(
        "bench-option",
        summary="an option of bench has a value that cannot be",
        detail=f"{option}: {detail}",
        remedy="write a duration such as 5s, a rate such as 200/s, and 1 to 1000 connections",
    )
