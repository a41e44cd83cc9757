"""What runs and what drifted, of thousands of services: the worst first, what is alike once, and what is well in one line."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from infractl.domain.address import ServiceKey
from infractl.domain.drift import AttributeDrift, Course, ObjectDrift, ServiceDrift, Sort
from infractl.domain.health import Health, HealthStatus
from infractl.domain.status import ResourceStatus, ServiceStatus
from infractl.report.drift_text import drift_text
from infractl.report.status_summary_text import status_summary_text
from infractl.report.status_text import status_text
from infractl.report.style import Style
from tests.report.test_status_text import CASES, status_of

GOLDEN = Path(__file__).parents[1] / "cases" / "many" / "status.txt"
PLAIN = Style()
WELL = replace(status_of(next(c for c in CASES if c.name == "idle")), broken=(), cost=None)


def well(name: str) -> ServiceStatus:
    return replace(WELL, key=replace(WELL.key, service=name))


def ill(name: str, status: HealthStatus, reason: str, drifted: tuple[str, ...] = ()) -> ServiceStatus:
    health = Health(status, reason)
    return replace(
        well(name), health=health, resources=(ResourceStatus(address=f"{name}.server.main", health=health, drifted=drifted),)
    )


def test_where_all_is_well_thousands_of_services_take_a_line_and_the_way_to_see_one() -> None:
    text = status_text([well(f"s{i}") for i in range(5000)], PLAIN)

    assert text.splitlines() == ["5,000 services: 5,000 healthy.", "status --service NAME shows one in full."]


def test_the_worst_come_first_and_what_is_alike_is_one_line() -> None:
    broken = replace(status_of(next(c for c in CASES if c.name == "broken")), cost=None)
    services = [
        *(well(f"ok{i}") for i in range(900)),
        *(replace(well(f"new{i}"), resources=(), note="declared, and not applied yet") for i in range(40)),
        broken,
        ill("slow", HealthStatus.progressing, "loading"),
        ill("moved", HealthStatus.healthy, "", drifted=("port", "host")),
        *(ill(f"dead{i}", HealthStatus.failed, "its process ended") for i in range(12)),
        ill("alone", HealthStatus.failed, "no memory"),
    ]

    text = status_summary_text(services)

    if os.environ.get("INFRACTL_GOLDENS"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_what_a_note_says_anyhow_is_not_said_twice() -> None:
    reason = "no apply of it has ended yet"
    part = ResourceStatus(address="new.server.main", health=Health(HealthStatus.healthy), drifted=())
    service = replace(well("new"), health=Health(HealthStatus.failed, reason), resources=(part,), note=f"{reason}: apply goes on")

    assert status_summary_text([service]).count(reason) == 1


def test_the_table_ends_where_nobody_reads_on() -> None:
    text = status_summary_text([ill(f"s{i}", HealthStatus.failed, f"reason {i}") for i in range(500)])

    assert len(text.splitlines()) == 53
    assert "(and 450 more: --json has all)" in text


def drifted(name: str, live: str, note: str = "") -> ServiceDrift:
    attribute = AttributeDrift(
        path="version", recorded="1", live=live, added=False, removed=False, next_apply=Course.reverts, why="in place"
    )
    changed = ObjectDrift(
        address=f"{name}.note.main",
        target="shelf",
        id=f"id-{name}-{live}",
        sort=Sort.changed,
        next_apply=Course.reverts,
        why="in place",
        attributes=(attribute,),
    )
    key = ServiceKey(project="p", environment="default", service=name)
    objects = (changed,) if live != "1" else ()
    return ServiceDrift(
        key=key, target="shelf", compared=1, drifted=bool(objects), objects=objects, notes=(note,) if note else ()
    )


def test_what_drifted_alike_is_told_once() -> None:
    text = drift_text([*(drifted(f"s{i}", "7") for i in range(40)), drifted("other", "8")], PLAIN)

    assert text.count("was changed outside infractl") == 2
    assert "40 services (s0, s1, s2, s3, s4 (and 35 more)): drifted\n  <service>.note.main was changed" in text
    assert text.endswith("Drift: 41 objects of 41 services.\n")


def test_where_nothing_drifted_five_lines_are_enough_whatever_is_to_be_noted() -> None:
    text = drift_text([drifted(f"s{i}", "1", note=f"note {i % 7}") for i in range(1000)], PLAIN)

    assert len(text.splitlines()) == 5
    assert text.splitlines()[-1] == "No drift. 1000 services with 1000 resources as recorded."


def test_more_that_drifted_each_in_its_way_than_anybody_reads_is_counted() -> None:
    text = drift_text([drifted(f"s{i}", f"9{i}") for i in range(500)], PLAIN)

    assert text.count("was changed outside infractl") == 20
    assert "(and 480 more services: --service NAME shows one, --json all)" in text
