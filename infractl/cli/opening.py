"""Opens the project that a command works on, and shows what its documents are warned of."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from infractl.cli.terminal import progress, style_of
from infractl.errors import Severity
from infractl.report.diagnostic import render
from infractl.workflows.elsewhere import elsewhere
from infractl.workflows.select import Asked, open_recorded, open_selected
from infractl.workflows.workspace import Workspace


def opened(paths: Sequence[Path], environment: str | None, asked: Asked = Asked()) -> Workspace:  # noqa: B008 - frozen
    """In the default environment where none is named. Raises SpecError with everything that is wrong, UsageError."""
    workspace = open_selected(paths, environment, asked)
    warnings = [d for d in workspace.loaded.diagnostics if d.severity is Severity.warning]
    if warnings:
        sys.stderr.write(render(warnings, color=style_of(sys.stderr).color))
    return workspace


def opened_project(paths: Sequence[Path], environment: str | None) -> Workspace:
    """For what is about the project alone: of a whole one no service is read, which may be broken."""
    return open_recorded(paths, environment, Asked())


def tell_elsewhere(workspace: Workspace) -> None:
    """Says where to look, where nothing of what was asked for is recorded in this environment."""
    if names := elsewhere(workspace):
        progress(
            f"Nothing of this is recorded in the environment {workspace.environment}. It is in {', '.join(names)}: add --env NAME"
        )
