"""Drift as people read it: what differs, and what the next apply does about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from infractl.domain.drift import AttributeDrift, Course, ObjectDrift, ServiceDrift, Sort
from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.report.group_text import grouped, names_text, without_name
from infractl.report.style import Style
from infractl.report.value_text import counted, value_text

_HEADINGS = {
    Sort.changed: "was changed outside infractl",
    Sort.gone: "is gone",
    Sort.foreign: "is another owner's now",
    Sort.orphan: "is not recorded, and carries this service's labels",
}
_COURSES = {
    Course.reverts: "reverts it",
    Course.keeps: "keeps it",
    Course.makes: "makes it again",
    Course.adopts: "adopts it",
}

_MOST_BLOCKS = 20
_MOST_NOTES = 4
"""With the last line that is five, where nothing drifted."""


def drift_text(services: Sequence[ServiceDrift], style: Style) -> str:
    blocks = grouped([s for s in services if s.objects], _happened)
    lines = [line for block in blocks[:_MOST_BLOCKS] for line in _block(block, style)]
    if rest := sum(map(len, blocks[_MOST_BLOCKS:])):
        lines += [f"(and {rest:,} more services: --service NAME shows one, --json all)", ""]
    lines += _notes(services, style)
    compared, count = sum(s.compared for s in services), len(services)
    drifted = sum(o.counts for s in services for o in s.objects)
    if not services:
        lines.append("Nothing of this is recorded.")
    elif drifted:
        lines.append(f"{style.bold('Drift:')} {counted(drifted, 'object')} of {counted(count, 'service')}.")
    else:
        resources = f"{counted(count, 'service')} with {counted(compared, 'resource')}"
        lines.append(f"{style.bold('No drift.')} {resources} as recorded.")
    return "\n".join(lines) + "\n"


def _happened(service: ServiceDrift) -> str:
    """In full, since what is shown is shortened; of what was only changed, not the id, which is not shown."""
    objects = [replace(o, id="") if o.sort is Sort.changed else o for o in service.objects]
    return without_name(repr((service.drifted, objects)), service.key.service)


def _block(services: Sequence[ServiceDrift], style: Style) -> Iterator[str]:
    """One service, or several to which the same happened."""
    first, names = services[0], [s.key.service for s in services]
    name = names[0] if len(names) == 1 else f"{len(names):,} services ({names_text(names)})"
    where = "" if first.key.environment == DEFAULT_ENVIRONMENT else f" in {first.key.environment}"
    verdict = style.red("drifted") if first.drifted else style.green("no drift")
    yield f"{style.bold(f'{name}{where}')}: {verdict}"
    for each in first.objects:
        if len(names) == 1:
            yield from _object(each, style)
        else:
            address = without_name(each.address, first.key.service)
            yield from (without_name(line, first.key.service) for line in _object(replace(each, address=address), style))
    yield ""


def _notes(services: Sequence[ServiceDrift], style: Style) -> Iterator[str]:
    told: dict[str, list[str]] = {}
    for service in services:
        for note in service.notes:
            told.setdefault(note, []).append(service.key.service)
    lines = [f"{style.yellow('Note:')} {names_text(names)}: {note}" for note, names in told.items()]
    yield from lines if len(lines) <= _MOST_NOTES else lines[: _MOST_NOTES - 1]
    if len(lines) > _MOST_NOTES:
        yield f"{style.yellow('Note:')} and {len(lines) - _MOST_NOTES + 1:,} more notices: --json has all"


def _object(each: ObjectDrift, style: Style) -> Iterator[str]:
    where = "" if each.sort is Sort.changed else f" ({each.id} at {each.target})"
    heading = _HEADINGS[each.sort] if each.counts else "differs, and did not drift"
    yield f"  {style.bold(each.address)} {heading}{where}"
    if not each.attributes:
        yield f"      the next apply {_COURSES[each.next_apply]}: {each.why}"
    for attribute in each.attributes:
        yield from _attribute(attribute, style)


def _attribute(attribute: AttributeDrift, style: Style) -> Iterator[str]:
    recorded, live = value_text(attribute.recorded), value_text(attribute.live)
    if attribute.added:
        yield f"    {style.green('+')} {attribute.path} = {live}, which was not applied"
    elif attribute.removed:
        yield f"    {style.red('-')} {attribute.path} = {recorded} was applied, and is not there"
    else:
        yield f"    {style.yellow('~')} {attribute.path} = {recorded} was applied, now {live}"
    yield f"      the next apply {_COURSES[attribute.next_apply]}: {attribute.why}"
