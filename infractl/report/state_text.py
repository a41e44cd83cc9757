"""A state document, its history, and what it would become, as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from infractl.domain.action import Action
from infractl.domain.address import ServiceKey
from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.journal import OpenStep
from infractl.domain.plan import AttributeChange
from infractl.domain.revision import Fate, Revision
from infractl.domain.service_state import ServiceState
from infractl.report.change_text import change_lines
from infractl.report.group_text import names_text
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.report.value_text import counted, value_text
from infractl.state.store import Holder

_SIGNS = {Fate.recorded: "+", Fate.imported: "+", Fate.forgotten: "x", Fate.changed: "~"}
_WORDS = {
    Fate.recorded: "is recorded again",
    Fate.imported: "is imported",
    Fate.forgotten: "is forgotten",
    Fate.changed: "is recorded differently",
}


def resources_text(states: Sequence[ServiceState]) -> str:
    """A resource a line, with nothing cut: for people, and for whoever takes a column of it."""
    rows = [(str(r.address), r.target, r.ref.id) for state in states for r in state.resources]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:2]
    return "".join(f"{address:<{widths[0]}}  {target:<{widths[1]}}  {object_id}\n" for address, target, object_id in rows)


def state_text(state: ServiceState, open_steps: Sequence[OpenStep], unfolded: int, style: Style) -> str:
    """The document: what was applied, when, by whom, and every object with the provider's id of it."""
    lines = [f"{style.bold(_name(state))}: {_version(state)} at {state.target}"]
    facts = {
        "serial": str(state.serial),
        "lineage": state.lineage,
        "changed": f"{state.changed_at:%Y-%m-%d %H:%M:%S} UTC by {state.changed_by}",
        "protected": "yes" if state.protected else "no",
        **({"journal": f"{counted(unfolded, 'line')} of a run that has not ended, counted in here"} if unfolded else {}),
        **{f"output {name}": value_text(state.outputs[name]) for name in sorted(state.outputs)},
    }
    width = max(map(len, facts))
    lines += [f"  {name:<{width}}  {text}" for name, text in facts.items()]
    rows = [(str(r.address), r.target, r.ref.id, "") for r in state.resources]
    rows += [(str(r.address), r.target, r.ref.id, "deposed") for r in state.deposed]
    lines += table(("resource", "target", "id", ""), rows) if rows else ["  no resource is recorded"]
    lines += [f"  {style.yellow('open')}: {s.intent.action.value} {s.intent.address}" for s in open_steps]
    return "\n".join(lines) + "\n"


def history_text(present: ServiceState | None, earlier: Sequence[ServiceState]) -> str:
    """A version a line, newest first."""
    versions = [*([(present, "present")] if present else []), *((state, _moved(state)) for state in earlier)]
    rows = [_row(state, mark) for state, mark in versions]
    return "\n".join(table(("serial", "", "changed (UTC)", "version", "resources", "by"), rows, right={0, 4})) + "\n"


def _moved(state: ServiceState) -> str:
    return f"moved to {state.moved_to}" if state.moved_to else ""


def _row(state: ServiceState, mark: str) -> tuple[str, ...]:
    at = f"{state.changed_at:%Y-%m-%d %H:%M:%S}"
    version = state.deployment.stable.version if state.deployment else "-"
    return (str(state.serial), mark, at, version, str(len(state.resources)), state.changed_by)


def revision_text(revision: Revision, style: Style) -> str:
    """What the document becomes, and what that means for the next apply."""
    return "\n".join([*_heading(revision, style), *_records(revision, style), "", *_meaning(revision, style)]) + "\n"


def _heading(revision: Revision, style: Style) -> Iterator[str]:
    before, after = revision.before, revision.after
    named = after or before
    assert named is not None
    was = f"version {before.serial} ({_version(before)})" if before else "no document"
    if after is None:
        yield f"{style.bold(_name(named))}: {was} -> no document"
        return
    back = f" with the content of {revision.put_back}" if revision.put_back else ""
    yield f"{style.bold(_name(named))}: {was} -> version {after.serial}{back} ({_version(after)})"
    for name, old, new in _facts(before, after):
        if before is not None and old != new:
            yield f"  {style.yellow('~')} {name}: {value_text(old)} -> {value_text(new)}"


def _facts(before: ServiceState | None, after: ServiceState) -> Iterator[tuple[str, Any, Any]]:
    for name, fact in (
        ("target", lambda s: s.target),
        ("declared as", lambda s: s.spec_digest),
        ("protected", lambda s: bool(s.protected)),
    ):
        yield name, fact(before) if before else None, fact(after)


def _records(revision: Revision, style: Style) -> Iterator[str]:
    for record in revision.records:
        paint = {Fate.forgotten: style.red, Fate.changed: style.yellow}.get(record.fate, style.green)
        deposed = ", as deposed" if record.deposed else ""
        where = f"{record.id} at {record.target}"
        yield f"  {paint(_SIGNS[record.fate])} {record.address} {_WORDS[record.fate]}{deposed} ({where})"
        yield from (f"      {_attribute(change)}" for change in record.attributes)
    if not revision.records:
        yield "  every record stays as it is"


def _attribute(change: AttributeChange) -> str:
    before, after = value_text(change.before), value_text(change.after)
    if change.added:
        return f"+ {change.path} = {after}"
    return f"- {change.path} = {before}" if change.removed else f"~ {change.path} = {before} -> {after}"


def _meaning(revision: Revision, style: Style) -> Iterator[str]:
    yield "Nothing that lives is touched: what the record says changes, and with it what infractl takes for its own."
    if revision.after is None:
        yield "What lives stays and is nobody's: an apply of the service is refused until it is taken back or adopted."
        return
    if forgotten := [r for r in revision.records if r.fate is Fate.forgotten]:
        objects = counted(len(forgotten), "object")
        yield f"What is forgotten ({objects}) keeps its labels: an apply adopts what the service needs, destroy removes the rest."
    if revision.next_plan is None:
        yield "The next plan compares the new record with what is declared and with what lives."
        return
    if revision.next_plan.action is Action.no_op:
        yield "The next plan, as the service is declared now, leaves it as it is."
        return
    yield "What the next plan does to it, as the service is declared now:"
    yield ""
    yield from change_lines(revision.next_plan, revision.next_plan.address.service, style)


def lock_text(keys: Sequence[ServiceKey], holder: Holder, alive: bool | None) -> str:
    """Who holds the locks of an environment's services, one or more, and what breaking them means."""
    known = {True: "is alive on this machine", False: "is not there any more", None: "cannot be seen from this machine"}[alive]
    services = names_text([key.service for key in keys])
    what = "the lock is" if len(keys) == 1 else "these locks are"
    return (
        f"{services} in {keys[0].environment}: locked since {holder.since:%Y-%m-%d %H:%M:%S} UTC\n"
        f"  by       {holder.who} on {holder.host}\n"
        f"  for      {holder.command}\n"
        f"  process  {holder.pid}, which {known}\n"
        f"Once {what} broken, that run can write nothing to the state any more.\n"
        "What it has begun at a provider goes on: the next apply settles it.\n"
    )


def change_done(revision: Revision, undo: str) -> str:
    """What is so now, and how it is taken back."""
    what = f"version {revision.after.serial} is recorded" if revision.after else "it is forgotten"
    back = f" To take this back: {undo}" if undo else ""
    return f"{revision.key.service}: {what}.{back}\n"


def _name(state: ServiceState) -> str:
    key = state.key
    return key.service if key.environment == DEFAULT_ENVIRONMENT else f"{key.service} in {key.environment}"


def _version(state: ServiceState) -> str:
    return f"release {state.deployment.stable.version}" if state.deployment else "no release"
