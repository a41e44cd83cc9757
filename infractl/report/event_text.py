"""An apply's events as lines, and its end as a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from infractl.domain.action import Action
from infractl.domain.applied import Applied, StepResult
from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.event import Event, Phase
from infractl.report.group_text import grouped, names_text
from infractl.report.style import Style

_MOST = 10
"""Services that the end of an apply names one by one."""

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


def summary_text(applied: Sequence[Applied], style: Style, undo: Sequence[str] = ()) -> str:
    """How many steps ended in which way and, for each service that is up, what it shows to its users.

    `undo` are the commands that take it back.
    """
    phases = _phases([r for a in applied for r in a.results])
    complete = all(a.complete for a in applied)
    environments = {a.plan.key.environment for a in applied} - {DEFAULT_ENVIRONMENT}
    where = f" in {', '.join(sorted(environments))}" if environments else ""
    word = "Destroy" if applied and all(a.plan.deployment is None for a in applied) else "Apply"
    head = style.green(f"{word} complete{where}:") if complete else style.red(f"{word} did not complete{where}:")
    lines = [f"{head} {phases or 'no resource had to change'}."]
    return "\n".join([*lines, *_unfinished(applied), *_gone(applied), *_outputs(applied), *_back(undo)]) + "\n"


def _unfinished(applied: Sequence[Applied]) -> Iterator[str]:
    """Of several services those that did not end well, with what became of their steps; the problems are told elsewhere."""
    services = [a for a in applied if not a.complete] if len(applied) > 1 else []
    groups = grouped(services, _ending)
    for group in groups[:_MOST]:
        yield f"{names_text([a.plan.key.service for a in group])}: {_ending(group[0])}"
    if rest := sum(map(len, groups[_MOST:])):
        yield f"and {rest:,} more services did not end well: infractl plan shows what is left to do"


def _ending(applied: Applied) -> str:
    return _phases(applied.results) or "nothing was done"


def _gone(applied: Sequence[Applied]) -> Iterator[str]:
    names = [a.plan.key.service for a in applied if a.complete and a.state is None]
    if len(names) > _MOST:
        yield f"{len(names):,} services are destroyed"
    else:
        yield from (f"{name} is destroyed" for name in names)


def _outputs(applied: Sequence[Applied]) -> Iterator[str]:
    """What the services show to their users; of many, those of the first."""
    up = [(a.plan.key.service, a.state.outputs) for a in applied if a.complete and a.state is not None and a.plan.deployment]
    for service, outputs in up[:_MOST]:
        yield from (f"{service}.{name} = {value}" for name, value in outputs.items())
    if rest := len(up) - _MOST if len(up) > _MOST else 0:
        yield f"and {rest:,} more services: infractl status --service NAME shows one's"


def _back(undo: Sequence[str]) -> Iterator[str]:
    yield from (f"To take this back: {command}" for command in undo[:_MOST])
    if rest := len(undo[_MOST:]):
        yield f"and {rest:,} more services: infractl state history NAME lists one's versions"


def _phases(results: Sequence[StepResult]) -> str:
    """`3 done, 1 failed, 2 not started`."""
    counts = Counter(r.phase for r in results)
    return ", ".join(f"{counts[phase]:,} {phase.value.replace('-', ' ')}" for phase in Phase if counts[phase])
