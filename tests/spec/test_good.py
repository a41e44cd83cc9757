"""Documents that are right: what they load to, wherever they are named from."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from infractl.errors import Severity
from infractl.spec.load import LoadedService, load_project
from infractl.spec.section.serving import Batching
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
    assert all(s.model_path == GOOD / "model.onnx" for s in loaded.services)


def test_a_directory_gives_the_services_of_all_its_files_by_name() -> None:
    loaded = load_project([GOOD])

    names = [s.name for s in loaded.services]
    assert names == ["anchors", "every-field", "first", "json-is-yaml", "no", "second", "smallest"]
    assert [d for d in loaded.diagnostics if d.severity is not Severity.note] == []


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
    assert (words.spec.model.version, words.spec.serving.batching) == ("off", "off")


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
