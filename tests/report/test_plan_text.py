"""Plans as people read them: a case is a folder with what is wanted, recorded and live, and the text that it must give."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from infractl.domain.address import Address, ServiceKey
from infractl.domain.applied import Applied
from infractl.domain.artifact import Artifact
from infractl.domain.chip import Chip
from infractl.domain.cost import Cost
from infractl.domain.figure import Basis, Figure
from infractl.domain.given import Given
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.offer import Offer, Purchase
from infractl.domain.placement import Decision, Evaluation, Placement, Prediction
from infractl.domain.plan import Notice, Plan, ServicePlan
from infractl.domain.recipe import AS_GIVEN
from infractl.domain.release import Deployment, Release, ServingConfig
from infractl.domain.resource import Live, Recorded, Ref, Resource
from infractl.domain.unknown import Unknown
from infractl.domain.value import Blob, Output
from infractl.errors import Diagnostic, Severity
from infractl.planning import planfile
from infractl.planning.diff import Desired, KindView, diff
from infractl.provider.schema import Attribute, Schema
from infractl.report.event_text import summary_text
from infractl.report.plan_text import plan_text
from infractl.report.style import Style
from infractl.tensors import Signature

CASES = sorted(golden.parent for golden in (Path(__file__).parents[1] / "cases" / "planning").glob("*/plan.txt"))
SCHEMAS = {
    "artifact": Schema({"digest": Attribute(replaces=True)}),
    "server": Schema(
        {
            "host": Attribute(replaces=True),
            "port": Attribute(replaces=True),
            "url": Attribute(computed=True),
            "instance": Attribute(computed=True),
        }
    ),
    "route": Schema({"server": Attribute(replaces=True)}),
}
KEY = ServiceKey(project="quickstart", environment="default", service="digits")


def address(name: str) -> Address:
    kind, _, own = name.partition(".")
    return Address(project=KEY.project, environment=KEY.environment, service=KEY.service, kind=kind, name=own)


def value(given: Any) -> Any:
    """YAML to a property: `$blob` and a short form of `$output` are references."""
    match given:
        case {"$blob": digest}:
            return Blob(digest)
        case {"$output": text}:
            name, _, attribute = text.rpartition(".")
            return Output(address(name), attribute)
        case dict():
            return {k: value(v) for k, v in given.items()}
        case _:
            return given


def figure(seconds: float, unit: str = "s") -> Figure:
    return Figure(value=seconds, unit=unit, low=seconds * 0.8, high=seconds * 1.5, basis=Basis.calibrated, source="a calibration")


def placement() -> Placement:
    chip = Chip(
        name="Example CPU x2",
        hardware_class=HardwareClass.cpu,
        cores=2,
        peak_flops_per_s={},
        bandwidth_bytes_per_s=Unknown("not calibrated"),
        memory_bytes=2**34,
    )
    offer = Offer(
        name="this machine",
        target="local",
        chip=chip,
        count=1,
        region="local",
        purchase=Purchase.owned,
        tariff=(),
        host_memory_bytes=2**34,
    )
    prediction = Prediction(
        rate_per_s=200.0,
        latency_s={50: figure(0.0012), 95: figure(0.0024), 99: figure(0.0041)},
        capacity_per_s=figure(1850.0, "1/s"),
        memory_bytes=figure(61e6, "B"),
        utilization=0.2,
    )
    cost = Cost(floor=(), expected=(), ceiling=(), why="this machine: no price declared")
    return Placement(
        offer=offer,
        recipe=AS_GIVEN,
        replicas=1,
        batch=4,
        instances=1,
        threads=1,
        prediction=prediction,
        cost=cost,
    )


def deployment(version: str, digest: str) -> Deployment:
    artifact = Artifact(
        digest=digest,
        size_bytes=37012,
        format="onnx",
        recipe=AS_GIVEN,
        signature=Signature(inputs=(), outputs=()),
        source_digest=digest,
    )
    config = ServingConfig(
        max_batch=4,
        max_delay_s=0.0,
        instances=1,
        threads=1,
        max_concurrency=256,
        warmup=3,
        reject_non_finite=True,
    )
    release = Release(version=version, artifact=artifact, placement=placement(), config=config)
    return Deployment(project=KEY.project, environment=KEY.environment, service=KEY.service, stable=release)


def plan_of(case: Path, notices: tuple[Notice, ...] = ()) -> Plan:
    sides = {name: yaml.safe_load((case / f"{name}.yaml").read_text()) for name in ("desired", "recorded", "live")}
    desired = [
        Desired(
            resource=Resource(
                address=address(name),
                properties=value(properties),
                depends_on=(address("server.main"),) if name.startswith("route") else (),
            ),
            target="local",
        )
        for name, properties in sides["desired"].items()
    ]
    recorded = [
        Recorded(
            address=address(name),
            target="local",
            ref=Ref(kind=name, id=name),
            properties=value(properties),
            outputs={},
            depends_on=tuple(address(n) for n in sides["recorded"] if name.startswith("route") and not n.startswith("route")),
        )
        for name, properties in sides["recorded"].items()
    ]
    live = {
        address(name): Live(ref=Ref(kind=name, id=name), properties=value(properties), labels={"infractl-name": name})
        for name, properties in sides["live"].items()
    }
    views = {("local", kind): KindView(schema=schema, managed=managed) for kind, schema in SCHEMAS.items()}
    wanted = deployment(sides["desired"]["route.main"]["version"], "3f2a91c0" * 8) if desired else None
    evaluation = Evaluation(offer=placement().offer, recipe=AS_GIVEN, placement=placement(), violations=())
    service = ServicePlan(
        key=KEY,
        target="local",
        lineage="7c1e",
        serial=3 if recorded else 0,
        spec_digest="ab" * 32,
        current="1" if recorded else None,
        deployment=wanted,
        decision=Decision(ranked=(evaluation,), refused=()) if wanted else None,
        slo={"p99": "25ms", "throughput": "200/s"} if wanted else {},
        traffic={"peak": "200/s"} if wanted else {},
        changes=diff(desired, recorded, live, views),
        outputs={},
        notices=notices,
    )
    return Plan(
        project=KEY.project,
        environment=KEY.environment,
        services=(service,),
        providers={"local": "contract 1"},
        created_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
        created_by="ada: infractl plan",
        infractl="0.1.0",
    )


def managed(desired: Resource, live: Live) -> Mapping[str, Any]:
    schema = SCHEMAS[desired.address.kind]
    return {name: v for name, v in live.properties.items() if not schema.of(name).computed}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_reads_as_its_case_says(case: Path) -> None:
    text = plan_text(plan_of(case))

    golden = case / "plan.txt"
    if os.environ.get("INFRACTL_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_saved_plan_shows_what_the_live_one_showed(case: Path) -> None:
    plan = plan_of(case)

    saved = planfile.read(json.dumps(planfile.document(plan)), "plan.json")

    assert plan_text(saved) == plan_text(plan)


def test_nothing_to_do_takes_at_most_five_lines() -> None:
    case = next(c for c in CASES if c.name == "no-op")

    assert len(plan_text(plan_of(case)).splitlines()) <= 5


def test_a_notice_is_shown_even_when_nothing_changes() -> None:
    case = next(c for c in CASES if c.name == "no-op")

    text = plan_text(plan_of(case, (Notice(code="lock-held", text="ada holds the lock"),)))

    assert "ada holds the lock" in text


def test_a_plan_of_an_environment_says_so_and_what_came_from_its_file() -> None:
    plain = plan_of(next(c for c in CASES if c.name == "update"))
    given = Given(path="spec.traffic.peak", value="50/s", before="2000/s", at="environments/staging.yaml:6")
    plan = replace(plain, environment="staging", services=(replace(plain.services[0], given=(given,)),))

    first, *lines = plan_text(plan).splitlines()

    heading = next(i for i, line in enumerate(lines) if line.startswith("digits: "))
    assert first == "Environment: staging"
    assert lines.pop(heading + 1) == "    environments/staging.yaml:6  spec.traffic.peak = 50/s (was 2000/s)"
    assert lines == plan_text(plain).splitlines()


def test_colours_are_only_added() -> None:
    case = next(c for c in CASES if c.name == "update")

    coloured = plan_text(plan_of(case), Style(color=True))

    assert "\x1b[" in coloured
    assert "\x1b[" not in plan_text(plan_of(case))


def test_a_service_that_an_error_broke_off_is_not_called_destroyed() -> None:
    (service,) = plan_of(next(c for c in CASES if c.name == "update")).services
    error = Diagnostic(slug="state-epoch", severity=Severity.error, summary="the lock was broken")

    text = summary_text([Applied(plan=service, results=(), state=None, errors=(error,))], Style())

    assert "destroyed" not in text and "did not complete" in text
