"""Thousands of services as people read them: what is alike is told once, and what is well is counted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.applied import Applied, StepResult
from infractl.domain.cost import CostSummary
from infractl.domain.event import Event, Phase
from infractl.domain.plan import AttributeChange, Cause, Notice, Plan, ServicePlan
from infractl.domain.unknown import Unknown
from infractl.domain.value import Output
from infractl.errors import Diagnostic, Severity
from infractl.report.event_text import summary_text
from infractl.report.plan_text import plan_summary_text, plan_text
from infractl.report.problems_text import problems_text
from infractl.report.progress_text import Telling
from infractl.report.style import Style
from infractl.state.codec import decode, encode
from infractl.units import Money, parse_money
from tests.report.test_plan_text import CASES, plan_of

GOLDENS = Path(__file__).parents[1] / "cases" / "many"
PLAIN = Style()


@cache
def made(case: str) -> ServicePlan:
    (service,) = plan_of(next(c for c in CASES if c.name == case)).services
    return service


@cache
def service(case: str, name: str) -> ServicePlan:
    """What the case makes of a service, with another name wherever one stands."""
    text = json.dumps(encode(made(case))).replace('"digits"', f'"{name}"')
    plan: ServicePlan = decode(ServicePlan, json.loads(text))
    return plan


def services(case: str, count: int) -> list[ServicePlan]:
    return [service(case, f"{case}-{i:03}") for i in range(count)]


def unchanged(count: int, *notices: Notice) -> list[ServicePlan]:
    """Services of which nothing but names and notices is shown."""
    plan = replace(made("no-op"), notices=notices)
    return [replace(plan, key=replace(plan.key, service=f"s{i:03}")) for i in range(count)]


def plan_with(services: Iterable[ServicePlan], selected: str = "") -> Plan:
    return replace(plan_of(CASES[0]), services=tuple(services), selected=selected)


def at_port(plan: ServicePlan, port: int) -> ServicePlan:
    """The plan to create a service, of which something is unlike in every service."""
    changes = tuple(
        replace(c, desired=replace(c.desired, properties={**c.desired.properties, "port": port})) if c.desired else c
        for c in plan.changes
    )
    return replace(plan, changes=changes)


def costing(plan: ServicePlan, before: str, after: str) -> ServicePlan:
    def summary(text: str) -> CostSummary | None:
        money: Money | Unknown = parse_money(text) if text and text != "unknown" else Unknown("no price")
        made = CostSummary(
            floor=money,
            expected=money,
            ceiling=money,
            rate_per_s=1,
            per_thousand=money,
            capacity_per_s=1,
            per_thousand_at_capacity=money,
        )
        return made if text else None

    return replace(plan, cost=summary(after), cost_before=summary(before))


def mixed() -> Plan:
    """Forty services that change alike, two that are new, twelve that go and a hundred that stay."""
    alike = [costing(s, "12.00 USD", "14.00 USD") for s in services("update", 40)]
    new = [costing(s, "", "9.50 USD" if i else "unknown") for i, s in enumerate(services("create", 2))]
    gone = [costing(s, "3.00 USD", "") for s in services("delete", 12)]
    stay = [costing(s, "1.00 USD", "1.00 USD") for s in unchanged(100)]
    return plan_with([*alike, *new, *gone, *stay], selected="--label team=risk: 154 of 5000 services")


def unlike() -> Plan:
    """Thirty services, no two of which are alike, and two that are destroyed behind them."""
    return plan_with([*(at_port(s, 8000 + i) for i, s in enumerate(services("create", 30))), *services("delete", 2)])


@pytest.mark.parametrize("make", [mixed, unlike])
@pytest.mark.parametrize("text", [plan_text, plan_summary_text])
def test_a_plan_of_many_services_reads_as_its_golden(make: Callable[[], Plan], text: Callable[[Plan], str]) -> None:
    golden, found = GOLDENS / make.__name__ / f"{text.__name__}.txt", text(make())
    if os.environ.get("INFRACTL_GOLDENS"):
        golden.parent.mkdir(exist_ok=True, parents=True)
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("count", [1, 6, 1000])
def test_with_no_changes_five_lines_are_enough_whatever_is_to_be_noted(count: int) -> None:
    same = Notice(code="advice", text="measure it")
    told = [replace(s, notices=(same, Notice(code="other", text=f"note {i}"))) for i, s in enumerate(unchanged(count))]
    plan = replace(plan_with(told, selected="--label a=b: 1 of 2 services"), environment="staging")

    lines = plan_text(plan).splitlines()

    assert len(lines) <= 5
    assert any("measure it" in line for line in lines)
    assert lines[-1].startswith("No changes.")


def test_the_same_notice_is_told_once_with_names_and_their_number() -> None:
    notice = Notice(code="advice", text="measure it")

    text = plan_text(plan_with(unchanged(5000, notice)))

    names = ", ".join(f"s{i:03}" for i in range(5))
    assert text.splitlines()[0] == f"Note: {names} (and 4,995 more): measure it"


def test_services_with_values_that_only_look_alike_when_shortened_are_no_group() -> None:
    def long(name: str, end: str) -> ServicePlan:
        return replace(service("create", name), changes=tuple(at_port(service("create", name), int(f"9{'0' * 70}{end}")).changes))

    text = plan_text(plan_with([long("a", "1"), long("b", "1"), long("c", "2"), long("d", "3")]))

    assert "services (" not in text


def test_a_name_in_a_value_does_not_keep_services_apart() -> None:
    def named(plan: ServicePlan) -> ServicePlan:
        first, *others = plan.changes
        assert first.desired is not None
        desired = replace(first.desired, properties={"path": f"served/{plan.key.service}/v1"})
        return replace(plan, changes=(replace(first, desired=desired), *others))

    text = plan_text(plan_with(map(named, services("create", 4))))

    assert text.count("will be created") == len(service("create", "a").changed)
    assert '+ path = "served/<service>/v1"' in text


def test_ids_that_are_known_anew_after_apply_do_not_keep_services_apart() -> None:
    def with_own_path(plan: ServicePlan) -> ServicePlan:
        first, *others = plan.changes
        comes_from = Output(first.address, "file")
        moved = AttributeChange(path="model", before=f"/m/{hash(plan.key.service)}", after=comes_from, cause=Cause.replaced)
        changed = replace(first, action=Action.update, attributes=(moved,), desired=None)
        return replace(plan, changes=(changed, *others))

    plan = plan_with(map(with_own_path, services("update", 40)))

    assert plan_text(plan).count("model = \N{HORIZONTAL ELLIPSIS} -> (known after apply)") == 1
    assert "40 services" in plan_summary_text(plan)


def test_json_lacks_nothing_that_the_text_folds() -> None:
    body = json.dumps(encode(mixed()))

    assert all(f'"update-{i:03}"' in body for i in range(40))


def step(service: str, phase: Phase, detail: str = "") -> Event:
    address = Address(project="p", environment="default", service=service, kind="server", name="main")
    return Event(address=address, action=Action.create, phase=phase, detail=detail)


def told(steps: int, events: Iterable[Event]) -> list[str]:
    telling = Telling(steps, PLAIN)
    return [line for event in events for line in telling.lines(event)]


def test_each_step_of_a_few_is_told() -> None:
    events = [step("a", Phase.started), step("a", Phase.done)]

    assert told(1, events) == ["a.server.main: creating...", "a.server.main: created after 0.0s"]


def test_of_many_steps_it_is_told_ten_times_how_far_they_are() -> None:
    lines = told(5000, (step(f"s{i}", phase) for i in range(5000) for phase in (Phase.started, Phase.done)))

    assert len(lines) == 10
    assert lines[0] == "500 of 5,000 steps have ended" and lines[-1] == "5,000 of 5,000 steps have ended"


def test_of_many_steps_those_that_fail_or_wait_are_told_until_they_are_many_themselves() -> None:
    waits = told(5000, [step("slow", Phase.waiting, "starting")])
    fails = told(5000, (step(f"s{i}", Phase.failed, "no quota") for i in range(5000)))

    assert waits == ["slow.server.main: still creating, after 0.0s: starting"]
    assert sum("no quota" in line for line in fails) == 20
    assert len(fails) == 20 + 1 + 10
    assert fails[-1] == "5,000 of 5,000 steps have ended, 5,000 not done"


def ended(name: str, *phases: Phase) -> Applied:
    plan = replace(made("create"), key=replace(made("create").key, service=name))
    results = [StepResult(address=step(name, p).address, action=Action.create, phase=p) for p in phases]
    return Applied(plan=plan, results=tuple(results), state=None)


def test_the_end_of_an_apply_counts_all_and_names_what_did_not_end_well() -> None:
    well = [ended(f"ok{i}", Phase.done, Phase.done) for i in range(1000)]
    failed = [ended(f"bad{i}", Phase.done, Phase.failed, Phase.not_started) for i in range(3)]
    lost = ended("lost", Phase.unknown)

    lines = summary_text([*well, *failed, lost], PLAIN).splitlines()

    assert lines[0] == "Apply did not complete: 2,003 done, 3 failed, 3 not started, 1 unknown."
    assert "bad0, bad1, bad2: 1 done, 1 failed, 1 not started" in lines
    assert "lost: 1 unknown" in lines
    assert len(lines) < 10


def problems(details: Sequence[str]) -> list[Diagnostic]:
    return [
        Diagnostic(slug="step-failed", severity=Severity.error, summary="failed", detail=d, at=f"s{i}.server.main", remedy="wait")
        for i, d in enumerate(details)
    ]


def test_a_problem_of_many_resources_is_told_once_with_their_addresses() -> None:
    text = problems_text(problems(["no quota"] * 40 + ["no image"]), PLAIN)

    assert text.count("no quota") == 1 and text.count("no image") == 1
    assert "s0.server.main, s1.server.main, s2.server.main, s3.server.main, s4.server.main (and 35 more)" in text


def test_of_more_problems_than_anybody_reads_the_rest_is_counted() -> None:
    text = problems_text(problems([f"no {i}" for i in range(500)]), PLAIN)

    assert text.count("step-failed") == 20
    assert text.endswith("and 480 more problems: mend these first, and run the command again\n")
