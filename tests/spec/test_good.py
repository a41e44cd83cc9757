"""Documents that are right: what they load to, wherever they are named from."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infractl.errors import Severity
from infractl.spec.environment.document import Environment
from infractl.spec.load import LoadedService, load_project
from infractl.spec.project import Project
from infractl.spec.schema.field import fields_of
from infractl.spec.schema.shape import ListOf, MapOf, OneOf, SectionOf, Shape, Words, meant, named
from infractl.spec.section.serving import Batching
from infractl.spec.service import InferenceService
from infractl.spec.yaml.parse import parse
from infractl.units import Money

GOOD = Path(__file__).parents[1] / "cases" / "spec" / "good"
FILES = sorted(p for p in GOOD.glob("*.yaml") if p.name != "infractl.yaml")


def only(file: str) -> LoadedService:
    (service,) = load_project([GOOD / file]).services
    return service


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_a_good_document_loads_without_a_word(file: Path) -> None:
    loaded = load_project([file])

    assert loaded.services
    assert loaded.diagnostics == ()
    assert loaded.root == GOOD


def test_a_directory_gives_the_services_of_all_its_files_by_name() -> None:
    loaded = load_project([GOOD])

    names = [s.name for s in loaded.services]
    assert names == sorted(name for file in FILES for name in declared_in(file))
    assert len(names) == len(set(names))
    assert [d for d in loaded.diagnostics if d.severity is not Severity.note] == []


def declared_in(file: Path) -> list[str]:
    return [d.value["metadata"]["name"] for d in parse(file.read_bytes(), file.name).documents]


def test_quantities_become_si_values() -> None:
    spec = only("every-field.yaml").service.spec

    assert spec.slo.latency.limits_s == pytest.approx({50: 0.005, 95: 0.010, 99: 0.020})
    assert spec.slo.throughput == 2000
    assert spec.traffic.average == 600
    assert spec.budget.monthly == Money(amount=Decimal(1500), currency="USD")
    assert spec.serving.batching == Batching(max_batch=32, max_delay=0.0005)
    assert spec.replan.tolerance == pytest.approx(0.05)


def test_dates_and_words_such_as_off_stay_text() -> None:
    assert only("every-field.yaml").service.metadata.labels["since"] == "2024-01-31"

    words = only("words-that-other-readers-take-for-booleans.yaml").service
    assert words.metadata.labels == {"country": "no", "answer": "yes", "switch": "on", "version": "1.10"}
    assert (words.model.version, words.spec.serving.batching) == ("off", "off")


def test_an_alias_repeats_its_anchor_and_has_its_marks() -> None:
    service = only("anchors.yaml")

    assert service.service.spec.traffic.peak == 200
    peak = service.mark("spec.traffic.peak")
    assert peak is not None
    assert peak.line == 8


def test_what_is_left_out_has_its_default() -> None:
    spec = only("smallest.yaml").service.spec

    assert spec.slo.latency.limits_s == {}
    assert spec.targets == ()
    assert (spec.serving.batching, spec.serving.max_concurrency) == ("auto", "auto")


def test_a_model_is_found_beside_its_document_or_is_no_file_of_the_project() -> None:
    assert only("smallest.yaml").model_path == GOOD / "model.onnx"
    assert only("card-fraud.yaml").model_path == GOOD / "models" / "card-fraud.onnx"
    assert only("support-chat.yaml").model_path == GOOD / "models" / "support-chat"
    assert only("invoice-reader.yaml").model_path is None


Use = tuple[str, str, str]
"""A section, one of its fields, and what is written there: a word, one of several sorts of value, or just something."""

SOMETHING = "something"


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_the_services_are_good_in_every_environment(environment: str) -> None:
    loaded = load_project([GOOD], environment)

    assert [d for d in loaded.diagnostics if d.severity is not Severity.note] == []
    assert any(service.given for service in loaded.services)


def test_every_field_and_every_word_and_sort_of_value_that_it_may_have_is_shown_by_a_good_document() -> None:
    files = {InferenceService: FILES, Project: [GOOD / "infractl.yaml"], Environment: sorted(GOOD.glob("environments/*"))}
    shown = {
        use
        for section, written in files.items()
        for file in written
        for document in parse(file.read_bytes(), file.name).documents
        for use in uses(section, document.value)
    }

    missing = [f"{use[0]}.{use[1]}: {use[2]}" for use in possible_uses(*files) if use not in shown]

    assert not missing, "no good document shows\n" + "\n".join(missing)


def uses(section: type, value: dict[str, Any]) -> Iterator[Use]:
    """What a document writes into a section and into those inside it."""
    for field in fields_of(section):
        if field.key in value:
            owner = (section.__name__, field.key)
            yield *owner, SOMETHING
            yield from uses_within(owner, field.shape, value[field.key])


def uses_within(owner: tuple[str, str], shape: Shape, value: Any) -> Iterator[Use]:
    match shape:
        case Words():
            yield word(owner, shape, value)
        case SectionOf(section=section):
            yield from uses(section, value)
        case ListOf(item=inner):
            for item in value:
                yield from uses_within(owner, inner, item)
        case MapOf(value=inner):
            for item in value.values():
                yield from uses_within(owner, inner, item)
        case OneOf(choices=choices):
            choice = choices[meant(shape, value)]
            yield *owner, named(choice)
            yield from uses_within(owner, choice, value)


def word(owner: tuple[str, str], shape: Words, value: str) -> Use:
    """The words of an enumeration need not be shown in each field that takes it."""
    return (shape.enum.__name__, "", str(value)) if shape.enum else (*owner, value)


def possible_uses(*sections: type) -> Iterator[Use]:
    """What documents may write into the sections and into those inside them, each once."""
    left, seen = list(sections), set(sections)
    while left:
        section = left.pop(0)
        for field in fields_of(section):
            owner = (section.__name__, field.key)
            yield *owner, SOMETHING
            for found in possible_uses_within(owner, field.shape):
                if isinstance(found, tuple):
                    yield found
                elif found not in seen:
                    seen.add(found)
                    left.append(found)


def possible_uses_within(owner: tuple[str, str], shape: Shape) -> Iterator[Use | type]:
    match shape:
        case Words(words=words):
            yield from (word(owner, shape, w) for w in words)
        case SectionOf(section=section):
            yield section
        case ListOf(item=inner) | MapOf(value=inner):
            yield from possible_uses_within(owner, inner)
        case OneOf(choices=choices):
            for choice in choices:
                yield *owner, named(choice)
                yield from possible_uses_within(owner, choice)
