"""Drift as people read it: what differs, and what the next apply does about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infractl.domain.drift import AttributeDrift, Course, ObjectDrift, ServiceDrift, Sort
from infractl.domain.environment import DEFAULT_ENVIRONMENT
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


def drift_text(services: Sequence[ServiceDrift], style: Style) -> str:
    lines = [line for service in services for line in _service(service, style)]
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


def _service(service: ServiceDrift, style: Style) -> Iterator[str]:
    if not (service.objects or service.notes):
        return
    key = service.key
    name = key.service if key.environment == DEFAULT_ENVIRONMENT else f"{key.service} in {key.environment}"
    verdict = style.red("drifted") if service.drifted else style.green("no drift")
    yield f"{style.bold(name)}: {verdict}"
    yield from (f"  {style.yellow('Note:')} {note}" for note in service.notes)
    for each in service.objects:
        yield from _object(each, style)
    yield ""


def _object(each: ObjectDrift, style: Style) -> Iterator[str]:
    where = "" if each.sort is Sort.changed else f" ({each.id} at {each.target})"
    heading = _HEADINGS[each.sort] if each.counts else "differs, and did not drift"
    yield f"  {style.bold(each.address)} {heading}{where}"
    if each.sort is not Sort.changed:
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
