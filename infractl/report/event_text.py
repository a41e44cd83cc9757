"""An apply's events as lines, and its end as a summary."""

from __future__ import annotations

from collections.abc import Sequence

from infractl.domain.action import Action
from infractl.domain.applied import Applied
from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.event import Event, Phase
from infractl.report.style import Style

_DOING = {
    Action.create: "creating",
    Action.update: "updating",
    Action.delete: "destroying",
    Action.adopt: "adopting",
    Action.forget: "forgetting",
}
_DID = {
    Action.create: "created",
    Action.update: "updated",
    Action.delete: "destroyed",
    Action.adopt: "adopted",
    Action.forget: "forgotten",
}


def event_text(event: Event, style: Style) -> str:
    """One line, or "" for what needs none."""
    elapsed = f"after {event.elapsed_s:.1f}s"
    match event.phase:
        case Phase.started:
            return f"{event.address}: {_DOING[event.action]}..."
        case Phase.waiting:
            return style.dim(f"{event.address}: still {_DOING[event.action]}, {elapsed}: {event.detail}")
        case Phase.done:
            return f"{event.address}: {style.green(_DID[event.action])} {elapsed}"
        case Phase.failed:
            return f"{event.address}: {style.red('failed')} {elapsed}: {event.detail}"
        case Phase.unknown:
            return f"{event.address}: {style.yellow('not known how it ended')} {elapsed}: {event.detail}"
        case Phase.not_started:
            return f"{event.address}: {style.yellow('not started')}"


def summary_text(applied: Sequence[Applied], style: Style) -> str:
    """How many steps ended in which way and, for each service that is up, what it shows to its users."""
    results = [r for a in applied for r in a.results]
    counts = {phase: sum(r.phase is phase for r in results) for phase in Phase}
    parts = [f"{n} {phase.value.replace('-', ' ')}" for phase, n in counts.items() if n]
    complete = all(a.complete for a in applied)
    environments = {a.plan.key.environment for a in applied} - {DEFAULT_ENVIRONMENT}
    where = f" in {', '.join(sorted(environments))}" if environments else ""
    word = "Destroy" if applied and all(a.plan.deployment is None for a in applied) else "Apply"
    head = style.green(f"{word} complete{where}:") if complete else style.red(f"{word} did not complete{where}:")
    lines = [f"{head} {', '.join(parts) if parts else 'no resource had to change'}."]
    for service in applied:
        if not service.complete:
            continue
        if service.state is None:
            lines.append(f"{service.plan.key.service} is destroyed")
        else:
            lines += [f"{service.plan.key.service}.{name} = {value}" for name, value in service.state.outputs.items()]
    return "\n".join(lines) + "\n"
