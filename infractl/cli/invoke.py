"""`infractl invoke`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from infractl.cli.parameter import Env
from infractl.errors import UsageError


def invoke(
    service: Annotated[str, typer.Argument(help="The service's name.", show_default=False)],
    data: Annotated[Path, typer.Option("--data", help="A file with an Open Inference Protocol request; - reads stdin.")],
    project: Annotated[Path, typer.Option("--project", help="The project's directory.")] = Path(),
    env: Env = None,
) -> None:
    """Send one request to a running service."""
    from infractl.workflows.invoke import invoke as run
    from infractl.workflows.workspace import open_project

    body = _body(data)
    answer = run(open_project(project, env), service, body)
    sys.stdout.write(json.dumps(answer) + "\n")


def _body(data: Path) -> dict[str, Any]:
    from infractl.cli.document import MOST_BYTES

    try:
        if str(data) == "-":
            text = sys.stdin.read(MOST_BYTES)
        else:
            with data.open(encoding="utf-8") as file:
                text = file.read(MOST_BYTES)
        body = json.loads(text)
    except (OSError, ValueError) as error:
        raise _refused(data, str(error)) from None
    if not isinstance(body, dict):
        raise _refused(data, "it is not a JSON object")
    return body


def _refused(data: Path, detail: str) -> UsageError:
    return UsageError.of(
        "request-unreadable",
        summary="the request cannot be read",
        detail=detail,
        at=str(data),
        remedy='pass a JSON file such as {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}',
    )
