"""A plan as people read it: for each service what was decided and what it gives, then what changes and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from infractl.domain.action import Action
from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.plan import Change, Plan, ServicePlan
from infractl.report.budget_text import budget_lines
from infractl.report.change_text import SYMBOLS, symbol_text
from infractl.report.cost_text import cost_step, total_line
from infractl.report.group_text import names_text
from infractl.report.left_text import left_lines
from infractl.report.plan_service_text import Block, groups, headline, named, service_lines
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.report.value_text import counted

_MOST_BLOCKS = 20
_MOST_NOTICES = 20
_LINES_WITHOUT_CHANGES = 5

_LOSING = (Action.delete, Action.replace)

_DONE = {
    Action.create: "to create",
    Action.update: "to update",
    Action.replace: "to replace",
    Action.delete: "to destroy",
    Action.adopt: "to adopt",
    Action.forget: "to forget",
}


def plan_text(plan: Plan, style: Style = Style()) -> str:  # noqa: B008 - frozen
    """The plan in full as far as a person reads, the rest counted. With no changes it takes at most five lines."""
    told = [s for s in plan.services if s.changed or s.decided_alone]
    lines = [*_of_what(plan, style), *(_legend(told, style) if plan.changed else ())]
    shown, rest = _first_blocks(groups(told))
    for group in shown:
        lines += [*service_lines(group, plan.steering, style), ""]
    if rest:
        lines += [_left_out(rest), ""]
    return _closed(plan, lines, style)


def plan_summary_text(plan: Plan, style: Style = Style()) -> str:  # noqa: B008 - frozen
    """A line for each service that changes or is decided, one for all of a group, and the sums."""
    blocks = groups([s for s in plan.services if s.changed or s.decided_alone])
    lines = [*_of_what(plan, style)]
    if blocks:
        lines += [*table(("", "version", "changes", "a month", ""), [_row(group) for group in blocks]), ""]
        lines += [line for line in [total_line(plan)] if line]
    return _closed(plan, lines, style)


def _row(group: Block) -> tuple[str, ...]:
    first = group[0]
    name = first.key.service if len(group) == 1 else f"{len(group):,} services"
    costs = {cost_step(service) for service in group}
    cost = costs.pop() if len(costs) == 1 else "differs"
    return (name, headline(first).removeprefix("version "), _counts(first.changed), cost, named(group) if len(group) > 1 else "")


def _closed(plan: Plan, lines: list[str], style: Style) -> str:
    quiet = not plan.changed and not any(s.decided_alone for s in plan.services)
    if plan.budgets and not quiet:
        lines = [*lines, *budget_lines(plan.budgets, style), ""]
    room = _LINES_WITHOUT_CHANGES - len(lines) - 1 if quiet else _MOST_NOTICES
    return "\n".join([*lines, *_notices(plan, style, room), _conclusion(plan, style)]) + "\n"


def _of_what(plan: Plan, style: Style) -> Iterator[str]:
    if plan.environment != DEFAULT_ENVIRONMENT:
        yield f"{style.bold('Environment:')} {plan.environment}"
    if plan.selected:
        yield f"{style.bold('Selected:')} {plan.selected}"


def _legend(services: Sequence[ServicePlan], style: Style) -> Iterator[str]:
    actions = {c.action for s in services for c in s.changed}
    yield "infractl will perform the following actions:"
    for action in (a for a in SYMBOLS if a in actions):
        yield f"  {symbol_text(action, style):>3} {action.value}"
    yield ""


def _first_blocks(blocks: Sequence[Block]) -> tuple[Sequence[Block], Sequence[Block]]:
    """As many as a person reads, and the rest. Where there is a rest, what loses something comes first."""
    if len(blocks) <= _MOST_BLOCKS:
        return blocks, ()
    ordered = sorted(blocks, key=lambda block: not any(c.action in _LOSING for c in block[0].changed))
    return ordered[:_MOST_BLOCKS], ordered[_MOST_BLOCKS:]


def _left_out(rest: Sequence[Block]) -> str:
    services = [service for block in rest for service in block]
    changes = _counts([change for service in services for change in service.changed])
    how = "--summary has a line for each, --service NAME shows one, --json all"
    return f"(and {len(services):,} more services: {changes}. {how})"


def _notices(plan: Plan, style: Style, most: int) -> list[str]:
    """One line for all services that are told the same; where there is no room for all lines, the last one counts the rest."""
    told: dict[str, list[str]] = {notice.text: [plan.project] for notice in plan.notices}
    for service in plan.services:
        for notice in service.notices:
            told.setdefault(notice.text, []).append(service.key.service)
    lines = [f"{style.yellow('Note:')} {names_text(names)}: {text}" for text, names in told.items()]
    lines += left_lines([c for s in plan.services for c in s.changes if c.action is Action.no_op], style)
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"{style.yellow('Note:')} and {len(lines) - most + 1:,} more notices: --json has all"]


def _counts(changes: Sequence[Change]) -> str:
    """`1 to create, 2 to update`."""
    counts = Counter(change.action for change in changes)
    return ", ".join(f"{counts[action]:,} {_DONE[action]}" for action in SYMBOLS if counts[action])


def _conclusion(plan: Plan, style: Style) -> str:
    changes = [c for s in plan.services for c in s.changed]
    if changes:
        changed = sum(bool(s.changed) for s in plan.services)
        of = f" In {changed:,} of {counted(len(plan.services), 'service')}." if len(plan.services) > 1 else ""
        return f"{style.bold('Plan:')} {_counts(changes)}.{of}"
    if any(s.left_out for s in plan.services):
        return f"{style.bold('No changes')} to what --target names."
    decided = [s for s in plan.services if s.decided_alone]
    services = [s for s in plan.services if (s.deployment or plan.steering.refresh_only) and not s.decided_alone]
    resources = sum(len(s.changes) for s in plan.services)
    if decided:
        besides = f", {len(services):,} as declared" if services else ""
        return f"{style.bold('No changes.')} {counted(len(decided), 'service')} decided, and not to be applied yet{besides}."
    if not services:
        why = "no service was chosen" if plan.selected and not plan.services else "nothing of this is recorded"
        return f"{style.bold('No changes.')} There is nothing to do: {why}."
    as_it_is = "as recorded" if plan.steering.refresh_only else "as declared"
    return f"{style.bold('No changes.')} {counted(len(services), 'service')} with {counted(resources, 'resource')} {as_it_is}."
