"""What infractl writes fits its schemas, what they accept can be read, and a broken document is refused."""

from __future__ import annotations

import copy
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from infractl.domain.figure import Figure
from infractl.domain.plan import Plan
from infractl.domain.service_state import ServiceState
from infractl.errors import Diagnostic, Mark, Severity
from infractl.planning import planfile
from infractl.report.diagnostic import as_json
from infractl.state.codec import decode
from infractl.state.document import pack
from infractl.state.json_schema import document, schema

TESTS = Path(__file__).parents[1]
SCHEMAS = TESTS.parent / "schemas"
WRITTEN = json.loads((TESTS / "cases" / "state" / "format-1" / "state.json").read_text())
BROKEN = TESTS / "cases" / "spec" / "broken"


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))


def problems(name: str, found: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(found)]


@pytest.fixture(scope="module")
def values() -> Callable[[Any], st.SearchStrategy[Any]]:
    """Any value of a domain type: what the codec is tested with."""
    spec = importlib.util.spec_from_file_location("codec_values", TESTS / "state" / "test_codec.py")
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Callable[[Any], st.SearchStrategy[Any]] = module.values
    return made


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda p: p.name)
def test_a_schema_is_valid_draft_2020_12_and_says_what_it_is_of(path: Path) -> None:
    found = json.loads(path.read_text())

    Draft202012Validator.check_schema(found)
    assert found["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert found["title"] and found["description"]


def test_what_the_commands_print_and_the_store_keeps_fits(folder: Any) -> None:
    folder.write()
    assert problems("plan", folder.plan()) == []
    folder.run("plan", "--out", "plan.json")
    assert problems("plan", json.loads((folder.path / "plan.json").read_text())) == []
    folder.run("apply", "plan.json")

    folder.write(uri="two.onnx", version="2", extra="  targets: [local]\n")
    change = folder.plan()
    assert problems("plan", change) == []
    assert change["summary"].keys() >= {"create", "delete", "update"}
    kept = [json.loads(p.read_bytes()) for p in (folder.path / ".infractl" / "state").rglob("*") if state_file(p)]
    assert kept
    assert [problem for found in kept for problem in problems("state", found)] == []
    assert json.loads(folder.run("validate", "--json").stdout) == []


def state_file(path: Path) -> bool:
    return path.is_file() and path.read_bytes().startswith(b'{"body":')


def test_a_state_document_of_an_earlier_version_fits() -> None:
    assert problems("state", WRITTEN) == []


def test_whatever_plan_there_is_fits_as_it_is_written_and_is_read_as_it_was(
    values: Callable[[Any], st.SearchStrategy[Any]],
) -> None:
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(values(Plan))
    def check(plan: Plan) -> None:
        written = json.dumps(planfile.document(plan))
        assert problems("plan", json.loads(written)) == []
        read = planfile.read(written, "plan.json")
        # Numbers that are equal may be of two types, and a dictionary's order is not kept.
        assert (json.dumps(planfile.document(read)), planfile.plan_digest(read)) == (written, planfile.plan_digest(plan))

    check()


def test_whatever_state_there_is_fits_as_it_is_written(values: Callable[[Any], st.SearchStrategy[Any]]) -> None:
    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(values(ServiceState), st.none() | st.just("0f" * 32))
    def check(state: ServiceState, parent: str | None) -> None:
        assert problems("state", json.loads(pack(state, parent))) == []

    check()


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


@settings(max_examples=400, database=None)
@given(st.data())
def test_what_the_schema_accepts_can_be_read(data: st.DataObject) -> None:
    """One place is taken away, renamed, or holds something else; what is then refused by the reader is refused by the schema."""
    body = copy.deepcopy(WRITTEN["body"])
    *above, last = data.draw(st.sampled_from(sorted(places(body), key=repr)))
    parent = body
    for key in above:
        parent = parent[key]
    change = data.draw(st.sampled_from(["remove", "rename", None, True, 7, -1.5, "text", "7", [], ["text"], {}, {"why": "x"}]))
    old = parent.pop(last) if change in ("remove", "rename") else None
    if change == "rename" and isinstance(parent, dict):
        parent[f"{last}s"] = old
    elif change not in ("remove", "rename"):
        parent[last] = change

    if closed().is_valid({**WRITTEN, "body": body}):
        decode(ServiceState, body)


@cache
def closed() -> Draft202012Validator:
    """The schema without its patience for keys that later versions add: the reader has none."""
    found = copy.deepcopy(validator("state").schema)
    for definition in found["$defs"].values():
        if "properties" in definition:
            definition["additionalProperties"] = False
    return Draft202012Validator(found)


def edited(path: str, value: Any) -> dict[str, Any]:
    found = copy.deepcopy(WRITTEN)
    *above, last = path.split(".")
    parent = found
    for key in above:
        parent = parent[int(key) if isinstance(parent, list) else key]
    if value is ...:
        del parent[last]
    else:
        parent[last] = value
    return found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", 2),
        ("kind", "infractl-plan"),
        ("sha256", "9F"),
        ("parent", ...),
        ("extra", 1),
        ("body.serial", ...),
        ("body.serial", "1"),
        ("body.changed_at", "yesterday"),
        ("body.deployment.stable.placement.offer.purchase", "stolen"),
        ("body.deployment.stable.placement.prediction.latency_s", {"p99": {}}),
        ("body.deployment.stable.placement.offer.chip.peak_flops_per_s", {"FP31": {"why": "x"}}),
        ("body.resources.0.properties", {"weights": {"$blobb": "9f"}}),
        ("body.resources.0.properties", {"weights": {"$secret": {"name": "x"}}}),
    ],
)
def test_a_broken_state_document_is_refused(path: str, value: Any) -> None:
    assert problems("state", edited(path, value)) != []


def test_a_key_of_a_later_version_and_a_missing_one_that_has_a_default_are_let_through() -> None:
    assert problems("state", edited("body.weather", "fine")) == []
    assert problems("state", edited("body.open_steps", ...)) == []


PLAN: dict[str, Any] = {
    "format": 3,
    "kind": "infractl-plan",
    "digest": "0f" * 32,
    "summary": {"create": 1},
    "plan": {
        "project": "p",
        "environment": "e",
        "services": [
            {
                "key": {"project": "p", "environment": "e", "service": "s"},
                "target": "local",
                "lineage": "",
                "serial": 0,
                "spec_digest": "",
                "current": None,
                "deployment": None,
                "decision": None,
                "slo": {},
                "traffic": {},
                "changes": [
                    {
                        "address": {"project": "p", "environment": "e", "service": "s", "kind": "server", "name": "main"},
                        "target": "local",
                        "action": "create",
                        "reasons": ["new"],
                    }
                ],
                "outputs": {},
            }
        ],
        "providers": {},
        "created_at": "2026-11-24T09:30:00+00:00",
        "created_by": "ada: infractl plan",
        "infractl": "0.1.0",
    },
}


def test_a_plan_document_is_refused_for_a_missing_key_a_wrong_type_and_a_word_that_is_no_action() -> None:
    change = PLAN["plan"]["services"][0]["changes"][0]
    assert problems("plan", PLAN) == []

    def with_change(**changed: Any) -> dict[str, Any]:
        broken = copy.deepcopy(PLAN)
        broken["plan"]["services"][0]["changes"] = [{k: v for k, v in {**change, **changed}.items() if v is not ...}]
        return broken

    (missing,) = problems("plan", with_change(reasons=...))
    (wrong,) = problems("plan", with_change(reasons="new"))
    (word,) = problems("plan", with_change(action="recreate"))
    (counted,) = problems("plan", {**PLAN, "summary": {"recreate": 1}})
    assert "'reasons' is a required property" in missing
    assert "is not of type 'array'" in wrong
    assert "'recreate' is not one of" in word and word.startswith("$.plan.services[0].changes[0].action")
    assert "'recreate' is not one of" in counted
    assert problems("plan", {**PLAN, "digest": "sha256:9f"}) != []


@pytest.mark.parametrize("case", sorted(p.name for p in BROKEN.iterdir() if p.is_dir()))
def test_the_diagnostics_of_each_broken_document_fit(case: str, load_broken: Callable[[Path], tuple[Diagnostic, ...]]) -> None:
    assert problems("diagnostics", as_json(load_broken(BROKEN / case))) == []


def test_a_diagnostic_is_written_whole_and_a_broken_one_is_refused() -> None:
    at = Mark(file="a.yaml", line=1, column=2)
    (written,) = as_json([Diagnostic(slug="a-slug", severity=Severity.note, summary="it is so", at=at)])

    assert set(written) == {f.name for f in fields(Diagnostic)}
    assert set(written["at"]) == {f.name for f in fields(Mark)}
    assert problems("diagnostics", [written]) == []
    assert problems("diagnostics", written) != []
    assert problems("diagnostics", [{**written, "severity": "fatal"}]) != []
    assert problems("diagnostics", [{**written, "at": {"file": "a.yaml", "line": "1", "column": 2}}]) != []
    assert problems("diagnostics", [{k: v for k, v in written.items() if k != "slug"}]) != []


def test_a_type_that_the_codec_does_not_write_has_no_schema() -> None:
    with pytest.raises(TypeError, match="not written to documents"):
        schema(set[str])


def test_two_types_of_one_name_in_a_document_are_refused() -> None:
    class Figures(Enum):
        one = 1

    Figures.__name__ = "Figure"

    with pytest.raises(TypeError, match="two types are called Figure"):
        document("title", "about", {}, Figure, Figures)


def test_a_type_that_holds_itself_is_defined_once() -> None:
    found = document("title", "about", schema(Tree), Tree)

    assert list(found["$defs"]) == ["Tree"]
    assert not list(Draft202012Validator(found).iter_errors({"above": {"above": None}}))


@dataclass(frozen=True)
class Tree:
    above: Tree | None
