"""The JSON Schemas of what users write agree with what validates it, on everything that a schema can see."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError, validators
from pydantic_core import SchemaValidator
from pydantic_core import ValidationError as Refused

from infractl.errors import SpecError
from infractl.spec.document_schema import environment_schema, project_schema, service_schema
from infractl.spec.environment.document import Environment
from infractl.spec.project import Project
from infractl.spec.schema.as_written import example_of, plain
from infractl.spec.schema.field import Field, Section, fields_of, required, shape_at
from infractl.spec.schema.json_schema import json_schema, schema
from infractl.spec.schema.patch import patch_definitions
from infractl.spec.schema.shape import (
    ListOf,
    MapOf,
    Number,
    OneOf,
    Quantity,
    SectionOf,
    Shape,
    Text,
    Truth,
    Words,
)
from infractl.spec.schema.validator import core
from infractl.spec.schema.within import sections_of
from infractl.spec.service import InferenceService
from infractl.spec.validate import validate
from infractl.spec.yaml.parse import parse

CASES = Path(__file__).parents[1] / "cases" / "spec"
PUBLISHED = {InferenceService: service_schema(), Project: project_schema(), Environment: environment_schema()}


def pattern(validator: Any, found: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """ECMA's `$` is the end of the text, as JSON Schema wants it; Python's is also before a last new line."""
    if isinstance(instance, str) and not re.search(re.sub(r"(?<![\\[^])\$(?=$|\|)", r"\\Z", found), instance):
        yield ValidationError(f"{instance!r} does not match {found!r}")


Validator = validators.extend(Draft202012Validator, {"pattern": pattern})


@cache
def reader(kind: type) -> Any:
    return Validator(PUBLISHED[kind])


def problems(kind: type, value: Any) -> list[str]:
    """What the published schema says against a value."""
    return [f"{error.json_path}: {error.message}" for error in reader(kind).iter_errors(value)]


def is_valid(kind: type, value: Any) -> bool:
    try:
        validate(kind, value)
    except Refused:
        return False
    return True


def fits(shape: Shape, value: Any) -> bool:
    """Whether a shape takes a value, read off the shapes' own documentation: a third opinion."""
    match shape:
        case Truth():
            return value is True or value is False
        case Words(words=words):
            return isinstance(value, str) and value in words
        case Text():
            form = (shape.spelled or shape.pattern).removeprefix("^").removesuffix("$") or "(?s:.*)"
            bounded = isinstance(value, str) and shape.least <= len(value) <= (shape.most or len(value))
            return bounded and bool(re.fullmatch(form, value))
        case Number(whole=whole, least=least, most=most):
            is_number = type(value) is int or (type(value) is float and (not whole or value.is_integer()))
            return is_number and (least is None or value >= least) and (most is None or value <= most)
        case Quantity(pattern=form):
            return isinstance(value, str) and bool(re.fullmatch(form.removeprefix("^").removesuffix("$"), value))
        case ListOf(item=item, least=least):
            return isinstance(value, list) and len(value) >= least and all(fits(item, v) for v in value)
        case MapOf(key=key, value=held):
            return isinstance(value, dict) and all(fits(key, k) and fits(held, v) for k, v in value.items())
        case SectionOf(section=section):
            return isinstance(value, dict) and fits_section(section, value)
        case OneOf(choices=choices):
            return any(fits(choice, value) for choice in choices)
        case _:
            return True


def fits_section(section: type, value: dict[str, Any]) -> bool:
    declared = {f.key: f for f in fields_of(section)}
    known = all(key in declared for key in value) or getattr(section, "extra", "") == "allow"
    given = all(f.key in value for f in declared.values() if f.required)
    return known and given and all(fits(declared[key].shape, v) for key, v in value.items() if key in declared)


def documents(file: Path) -> list[Any]:
    """The values of a file's documents; none where it is not YAML."""
    try:
        return [document.value for document in parse(file.read_bytes(), file.name).documents]
    except SpecError:
        return []


def kind_of(file: Path, value: Any) -> type | None:
    """By its place, as the cases are laid out: its kind may be what is broken."""
    if file.name == "infractl.yaml":
        return Project
    if file.parent.name == "environments":
        return Environment
    return InferenceService if isinstance(value, dict) and file.name != "deployment.yaml" else None


def cases(folder: str) -> list[tuple[str, type, Any]]:
    """Every document of ours in the cases: its place, what it is, its value."""
    found = []
    for file in sorted((CASES / folder).rglob("*.yaml")):
        for number, value in enumerate(documents(file)):
            if kind := kind_of(file, value):
                found.append((f"{file.relative_to(CASES)}:{number}", kind, value))
    return found


GOOD, BROKEN = cases("good"), cases("broken")
EXAMPLE_ENVIRONMENT = {
    "apiVersion": "infractl.dev/v1",
    "kind": "Environment",
    "metadata": {"name": "staging", "description": "A tenth of the traffic."},
    "values": {"peak": "50/s", "replicas": 3, "protected": False},
    "overlay": {"spec": {"targets": ["spare"], "budget": None, "serving": {"batching": {"maxDelay": "1ms"}}}},
    "services": {"fraud": {"spec": {"traffic": {"peak": "${peak}"}}}},
}
SEEDS = {kind: [value for _, of, value in GOOD if of is kind] for kind in (InferenceService, Project)}
SEEDS[Environment] = [EXAMPLE_ENVIRONMENT]


@pytest.mark.parametrize("kind", PUBLISHED, ids=lambda kind: kind.__name__)
def test_a_schema_is_valid_draft_2020_12_and_explains_every_key(kind: type) -> None:
    published = PUBLISHED[kind]
    Draft202012Validator.check_schema(published)

    assert published["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    for name, definition in {"": published, **published["$defs"]}.items():
        assert definition["title"], name
        for key, declared in definition.get("properties", {}).items():
            assert declared["description"], f"{name}.{key}"
            assert "title" in declared or "title" in published["$defs"][declared["$ref"].removeprefix("#/$defs/")], (
                f"{name}.{key}"
            )


@pytest.mark.parametrize(("kind", "value"), [case[1:] for case in GOOD], ids=[case[0] for case in GOOD])
def test_a_good_document_is_accepted(kind: type, value: Any) -> None:
    assert problems(kind, value) == []


@pytest.mark.parametrize(("kind", "value"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_document_is_refused_where_a_schema_can_see_what_is_wrong(kind: type, value: Any) -> None:
    if "${" in str(value):
        pytest.skip("it is checked once the values are there")
    # What an environment lays over services is checked with them; here it is as the schema of its patches has it.
    assert (problems(kind, value) == []) == is_valid(kind, value) or kind is Environment


def test_among_the_broken_cases_are_many_that_a_schema_refuses() -> None:
    refused = {place.split("/")[1] for place, kind, value in BROKEN if problems(kind, value)}

    assert refused >= {"unknown-key", "missing-key", "wrong-type", "unknown-value", "quantity", "out-of-range", "wrong-length"}
    assert refused >= {"bad-name", "bad-version", "bad-digest", "missing-key-at-the-root", "wrong-type-empty"}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


ANY = [
    None,
    True,
    False,
    0,
    1,
    -1,
    7,
    1.5,
    -0.5,
    10**6,
    10**9,
    1.0,
    3.0,
    -2.0,
    1e300,
    "",
    "a",
    "A",
    "10",
    "10ms",
    "0 s",
    "10 %",
    "101%",
    "1e3/min",
]
ANY += ["1.5B", "2 GiB", "1500 USD", "1500 usd", "auto", "off", "Auto", "cpu", "fraud", "fraud\n", "-x", "a" * 41, "x" * 501]
ANY += ["x" * 2001, "sha256:" + "aB" * 32, "ab" * 31, "/v1/predict", "/v1 x", "us-east-1", "{}", [], {}, [None], ["cpu", "cpu"]]
ANY += [["5%"], {"x": 1}, {"use": "auto"}, {"env": "KEY"}, {"rate": "1/s"}, {"maxBatch": 4}, {"p99": "1s"}, {"name": "a"}]


def any_value() -> st.SearchStrategy[Any]:
    """Anew each time: the document that it goes into may be changed again."""
    return st.sampled_from(ANY).map(copy.deepcopy)


def near(shape: Shape | None) -> st.SearchStrategy[Any]:
    """Values that the shape takes, and some that it only just does not."""
    match shape:
        case Words(words=words):
            return st.sampled_from([*map(str, words), str(words[0]).upper(), f"{words[0]} "])
        case Text(pattern=form) if form:
            form = (shape.spelled or form).removeprefix("^").removesuffix("$")
            return st.from_regex(form, fullmatch=True) | st.from_regex(form).map(lambda t: f"{t} ")
        case Text(least=least, most=most):
            return st.sampled_from(["", "x", "x" * least, "x" * most, "x" * (most + 1)])
        case Number(least=least, most=most):
            edges = [edge + step for edge in (least, most) if edge is not None for step in (-1, 0, 0.5, 1)]
            return st.sampled_from([*edges, *map(float, edges), 1, 2.5])
        case Quantity(pattern=form, examples=examples):
            written = st.from_regex(form.removeprefix("^").removesuffix("$"), fullmatch=True)
            return st.sampled_from([*examples, examples[0][:-1], f"-{examples[0]}", f" {examples[0]}"]) | written
        case ListOf(item=item):
            return st.lists(near(item), max_size=2)
        case MapOf(key=key, value=held):
            return st.dictionaries(near(key), near(held), max_size=2)
        case SectionOf(section=section):
            return st.fixed_dictionaries({}, optional={f.key: near(f.shape) for f in fields_of(section)})
        case OneOf(choices=choices):
            return st.one_of(*map(near, choices))
        case _:
            return any_value()


@st.composite
def mutated(draw: st.DrawFn) -> tuple[type, Any]:
    """A good document in which one to three places hold something else, have another key, or are gone."""
    kind = draw(st.sampled_from([InferenceService, InferenceService, Project, Environment]))
    value = copy.deepcopy(draw(st.sampled_from(SEEDS[kind])))
    for _ in range(draw(st.integers(1, 3))):
        found = sorted(places(value), key=repr)
        if not found:
            break
        *above, last = draw(st.sampled_from(found))
        parent, shape = at(value, tuple(above)), shape_at(kind, (*above, last))
        change = draw(st.sampled_from(["near", "near", "any", "remove", "rename", "add"]))
        if change == "near":
            parent[last] = draw(near(shape))
        elif change == "any":
            parent[last] = draw(any_value())
        elif change == "add" and isinstance(parent, dict):
            inside = shape_at(kind, tuple(above)) if above else SectionOf(kind)
            keys = [f.key for f in fields_of(inside.section)] if isinstance(inside, SectionOf) else ["fraud", "x y"]
            key = draw(st.sampled_from(keys))
            parent[key] = draw(near(shape_at(kind, (*above, key))))
        else:
            old = parent.pop(last)
            if change == "rename" and isinstance(parent, dict):
                parent[draw(st.sampled_from([f"{last}s", str(last).upper(), "a_b", ""]))] = old
    return kind, value


EXACT = {kind: Validator(json_schema(kind, "exact")) for kind in PUBLISHED}
DEFINITIONS = {name: definition for validator in EXACT.values() for name, definition in validator.schema["$defs"].items()}
FIELDS = [field for kind in PUBLISHED for section in sections_of(kind) for field in fields_of(section)]


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_the_validator_the_schema_and_the_shapes_agree_on_whatever_a_document_holds(changed: tuple[type, Any]) -> None:
    kind, value = changed
    valid = is_valid(kind, value)

    assert EXACT[kind].is_valid(value) == valid
    assert fits_section(kind, value) == valid
    if kind is not Environment and "${" not in str(value):
        assert (problems(kind, value) == []) == valid


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_single_value_is_judged_alike_by_the_validator_and_the_schema(data: st.DataObject) -> None:
    """Field by field, so that no broken neighbour hides a difference."""
    field = data.draw(st.sampled_from(FIELDS))
    value = data.draw(near(field.shape) | any_value())

    accepted = Validator({**schema(field.shape), "$defs": DEFINITIONS}).is_valid(value)
    assert accepted == judged(field, value) == fits(field.shape, value)


def judged(field: Field, value: Any) -> bool:
    try:
        SchemaValidator(core(field.shape)).validate_python(value)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("kind", PUBLISHED, ids=lambda kind: kind.__name__)
def test_every_field_has_an_example_or_a_default_that_tells_and_both_are_right(kind: type) -> None:
    for section in sections_of(kind):
        for field in fields_of(section):
            place = f"{section.__name__}.{field.key}"
            default = None if field.required or field.default is None else plain(field.shape, field.default)
            assert field.text.endswith("."), place
            assert field.example or default not in (None, [], {}, ""), f"{place} has neither"
            if field.example:
                assert judged(field, example_of(field.example)), place
            if default is not None:
                assert SchemaValidator(core(field.shape)).validate_python(default) == field.default, place


IDENTITY = [("apiVersion",), ("kind",), ("metadata", "name")]


@pytest.mark.parametrize("text", ["${peak}", "models-${bucket}/x", "${a}${b}"])
def test_a_reference_may_stand_for_every_scalar_of_a_service_but_its_name(text: str) -> None:
    for value in SEEDS[InferenceService]:
        for path in places(value):
            if not isinstance(at(value, path), dict | list):
                changed = copy.deepcopy(value)
                at(changed, path[:-1])[path[-1]] = text
                assert (problems(InferenceService, changed) == []) == (path not in IDENTITY), path


@pytest.mark.parametrize("text", ["$${peak}", "${}", "${a b}", "$peak", "${peak", "{peak}"])
def test_what_is_no_reference_is_a_text_like_any_other(text: str) -> None:
    value = copy.deepcopy(next(value for place, _, value in GOOD if "smallest" in place))
    value["spec"]["replan"] = {"tolerance": text}

    assert problems(InferenceService, value) != []


def difference(old: Any, new: Any) -> Any:
    """The merge patch that makes the one of the other: RFC 7396."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    changed = {key: difference(old.get(key), new[key]) for key in new if key not in old or old[key] != new[key]}
    return {**changed, **{key: None for key in old if key not in new}}


def environment(patch: Any) -> dict[str, Any]:
    base = {key: EXAMPLE_ENVIRONMENT[key] for key in ("apiVersion", "kind", "metadata")}
    return {**base, "overlay": patch, "services": {"fraud": patch}}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS[InferenceService]), st.sampled_from(SEEDS[InferenceService]))
def test_what_makes_one_good_service_of_another_is_a_patch_that_an_environment_may_hold(old: Any, new: Any) -> None:
    patch = difference(old, new)
    patch.get("metadata", {}).pop("name", None)

    assert problems(Environment, environment(patch)) == []


@pytest.mark.parametrize("patch", [{}, {"spec": {}}, {"spec": {"model": {"version": "4"}}}, {"spec": {"slo": None}}])
def test_a_patch_requires_nothing_and_null_takes_away(patch: Any) -> None:
    assert problems(Environment, environment(patch)) == []


def test_a_choice_without_references_may_be_taken_away_as_well() -> None:
    definitions = patch_definitions({"$defs": {"Limit": {"anyOf": [{"const": "auto"}, {"type": "integer"}]}}}, "Patch")

    reader = Validator(definitions["LimitPatch"])
    assert [value for value in (None, "auto", 3, "never", 1.5) if reader.is_valid(value)] == [None, "auto", 3]


@pytest.mark.parametrize(
    "patch",
    [
        None,
        {"kind": "InferenceService"},
        {"metadata": {"name": "other"}},
        {"spec": {"slos": {}}},
        {"spec": {"slo": {"latency": {"p95": 10}}}},
        {"spec": {"slo": {"latency": {"p95": "10"}}}},
        {"spec": {"traffic": {"schedule": [{"factor": 1}]}}},
        {"spec": {"hardware": {"classes": [None]}}},
        {"spec": {"serving": {"batching": {"maxBatsh": 3}}}},
    ],
)
def test_a_patch_that_no_service_could_take_is_refused(patch: Any) -> None:
    assert problems(Environment, environment(patch)) != []


def test_two_definitions_of_one_name_are_refused() -> None:
    (ours,) = (section for section in sections_of(InferenceService) if section.__name__ == "Budget")
    theirs = type("Budget", (Section,), {"__doc__": "Of another document."})
    fields = {"ours": required("One."), "theirs": required("Another.")}
    both = type("Both", (Section,), {"__annotations__": {"ours": ours, "theirs": theirs}, **fields})

    with pytest.raises(TypeError, match="two definitions are called Budget"):
        json_schema(both, "both")
