"""Runs a workflow that changes things: shows the plan, asks, prints events, sums up, and picks the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from infractl.applying.stop import Stop
from infractl.applying.workers import PARALLELISM
from infractl.cli.terminal import approval, event_printer, progress, show, stopping, style_of
from infractl.domain.action import Action
from infractl.domain.event import Phase
from infractl.errors import Diagnostic, InfractlError, PartlyAppliedError, Severity, StoppedError
from infractl.planning.graph import steps
from infractl.report.event_text import summary_text
from infractl.report.plan_text import plan_summary_text, plan_text
from infractl.report.problems_text import problems_text
from infractl.workflows.apply import Voice

if TYPE_CHECKING:
    from infractl.domain.applied import Applied, StepResult
    from infractl.domain.plan import Plan
    from infractl.workflows.apply import Outcome
    from infractl.workflows.lock import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a command was asked to go about it: it asks `question` unless `auto_approve`; a plan it shows in short if `summary`."""

    auto_approve: bool
    parallelism: int | None
    patience: Patience
    summary: bool = False
    question: str = "Do you want to perform these actions"


def carry_out(run: Callable[[Voice], Outcome], manner: Manner) -> None:
    """Raises typer.Exit with the code: 0 done, 1 nothing was done, 5 some was, 130 stopped."""
    stop = Stop()
    text = plan_summary_text if manner.summary else plan_text
    ask = approval(manner.auto_approve, manner.question, text)
    approved: list[Plan] = []

    def approve(plan: Plan) -> bool:
        approved.append(plan)
        return ask(plan)

    voice = Voice(
        approve=approve,
        carrying_out=lambda: stopping(stop),
        progress=progress,
        emit=event_printer(lambda: sum(len(steps(s.changes)) for plan in approved for s in plan.services)),
        stop=stop,
        patience=manner.patience,
        parallelism=manner.parallelism or PARALLELISM,
    )
    outcome = run(voice)
    style = style_of(sys.stdout)
    if not outcome.plan.changed:
        show(text(outcome.plan, style))
    if outcome.applied:
        show(summary_text(outcome.applied, style, outcome.undo))
    results = [r for a in outcome.applied for r in a.results]
    problems = [_problem(r) for r in results if r.phase in (Phase.failed, Phase.unknown)]
    problems += [error for a in outcome.applied for error in a.errors]
    problems += outcome.refused
    if problems:
        progress(problems_text(problems, style_of(sys.stderr)).rstrip("\n"))
    code = _code(outcome.applied, stop) or (PartlyAppliedError.exit_code if outcome.refused else 0)
    if code == StoppedError.exit_code:
        progress("Stopped as you asked. Run the command again to go on from here.")
    raise typer.Exit(code)


def _code(applied: Sequence[Applied], stop: Stop) -> int:
    if all(a.complete for a in applied):
        return 0
    if stop.requested:
        return StoppedError.exit_code
    some = any(r.phase is not Phase.not_started and r.phase is not Phase.failed for a in applied for r in a.results)
    return PartlyAppliedError.exit_code if some else InfractlError.exit_code


def _problem(result: StepResult) -> Diagnostic:
    return Diagnostic(
        slug="step-failed",
        severity=Severity.error,
        summary=f"a resource could not be {_DID[result.action]}"
        if result.phase is Phase.failed
        else f"it is not known whether a resource was {_DID[result.action]}",
        detail=result.detail,
        at=str(result.address),
        remedy=result.remedy or "mend the cause and run the command again: it goes on where it stopped",
    )


_DID = {
    Action.create: "created",
    Action.update: "updated",
    Action.delete: "destroyed",
    Action.adopt: "adopted",
    Action.forget: "forgotten",
}
