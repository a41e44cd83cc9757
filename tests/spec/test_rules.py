"""What must hold between fields: rules against plain oracles, and that each is explained and shown by a broken document."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import available_timezones

import iso4217
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.domain.metric import Metric
from infractl.errors import Diagnostic, Severity, SpecError
from infractl.report.diagnostic import as_json, render
from infractl.report.diagnostic_sarif import as_sarif
from infractl.spec.currency import CURRENCIES
from infractl.spec.environment.document import Environment
from infractl.spec.load import load_project
from infractl.spec.project import Project
from infractl.spec.rule.check import PROJECT_RULES, RULES, broken
from infractl.spec.rule.subject import Subject
from infractl.spec.schema.entry import entries_within
from infractl.spec.schema.field import fields_of, shape_at
from infractl.spec.service import InferenceService, ServiceSpec
from infractl.spec.telling.meant_quantity import meant_quantity
from infractl.spec.telling.other_tools import IDEAS, NEAR, OF_ENVIRONMENTS, OF_PROJECTS
from infractl.spec.validate import validate
from infractl.spec.yaml.parse import parse
from infractl.units import parse_bytes, parse_duration_s, parse_money, parse_rate_per_s, parse_share

ROOT = Path(__file__).parents[2]
BROKEN = ROOT / "tests" / "cases" / "spec" / "broken"
MODEL = {"uri": "s3://acme/fraud.onnx", "version": "1"}


def found(spec: dict[str, Any], directory: Path = BROKEN) -> list[Diagnostic]:
    """What the rules find in a spec, which is right by itself. It has a model that lies elsewhere, unless it says another."""
    value = {"spec": {"model": MODEL, **spec}}
    (document,) = parse(json.dumps(value, ensure_ascii=False).encode(), "x.yaml").documents
    subject = Subject(
        spec=validate(ServiceSpec, value["spec"]), document=document, directory=directory, root=directory, targets=None
    )
    return broken(subject)


def slugs(spec: dict[str, Any]) -> list[str]:
    return [d.slug for d in found(spec)]


PERCENTILES = st.dictionaries(st.sampled_from(["p50", "p95", "p99"]), st.integers(1, 60).map(lambda s: f"{s}s"))
PLACES = {
    "latency": lambda limits: {"slo": {"latency": limits}},
    "ttft": lambda limits: {"slo": {"ttft": limits}},
    "tpot": lambda limits: {"slo": {"tpot": limits}},
    "rollback": lambda limits: {"rollout": {"strategy": "canary", "rollbackOn": {"shift": 1.0, **limits}}, "monitoring": SHIFT},
    "alert": lambda limits: {"monitoring": {**SHIFT, "alerts": [{"name": "slow", "when": {"shift": 1.0, **limits}}]}},
}
SHIFT = {"shift": {"reference": "s3://acme/reference.npz"}}


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=60, deadline=None)
@given(limits=PERCENTILES)
def test_percentiles_are_in_order_wherever_they_are_limited(place: str, limits: dict[str, str]) -> None:
    ordered = [int(limits[p].removesuffix("s")) for p in ("p50", "p95", "p99") if p in limits]
    steps_down = sum(low > high for low, high in pairwise(ordered))

    assert slugs(PLACES[place](limits)) == ["latency-order"] * steps_down


@settings(max_examples=200, deadline=None)
@given(steps=st.lists(st.sampled_from([0, 1, 5, 25, 50, 100]), max_size=5))
def test_a_canary_s_steps_rise_to_all_of_the_traffic(steps: list[int]) -> None:
    right = not steps or (steps == sorted(set(steps)) and steps[0] > 0 and steps[-1] == 100)

    problems = slugs({"rollout": {"strategy": "canary", "steps": [f"{s}%" for s in steps]}})

    assert (problems == []) == right
    assert set(problems) <= {"steps-order", "steps-end"}


SOURCES = {"env": "FRAUD_KEYS", "file": "/run/secrets/keys", "secret": "fraud/keys", "key": "current", "version": "3"}


@settings(max_examples=100, deadline=None)
@given(keys=st.sets(st.sampled_from(sorted(SOURCES))))
def test_a_secret_is_kept_in_one_place_and_only_a_store_has_keys_and_versions(keys: set[str]) -> None:
    source = {key: SOURCES[key] for key in sorted(keys)}

    problems = slugs({"serving": {"auth": {"apiKeys": source}}})

    one = len(keys & {"env", "file", "secret"}) == 1
    details = 0 if "secret" in keys else len(keys & {"key", "version"})
    assert problems == ["secret-source"] * (not one) + ["secret-detail"] * details


@pytest.mark.parametrize("metric", Metric)
@pytest.mark.parametrize("bound", ["minimum", "maximum"])
def test_a_metric_is_bounded_on_its_bad_side(metric: Metric, bound: str) -> None:
    validation = {"data": "s3://acme/held-out.npz", "metric": metric.value, bound: 0.5}

    less_is_better = metric in (Metric.rmse, Metric.mae)
    wrong = (bound == "minimum") == less_is_better
    assert slugs({"model": {**MODEL, "validation": validation}}) == ["metric-bound"] * wrong


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("s3://acme/fraud.onnx", None),
        ("gs://acme/models/fraud/", None),
        ("oci://registry.example.com/fraud@sha256:" + "9f" * 32, None),
        ("http://example.com/fraud.onnx", "uri-scheme"),
        ("file:///models/fraud.onnx", "uri-scheme"),
        ("hf://acme/fraud", "uri-scheme"),
        ("S3://acme/fraud.onnx", "uri-scheme"),
        ("s3://", "uri-incomplete"),
        ("oci:///", "uri-incomplete"),
        ("s3:/acme/fraud.onnx", "model-missing"),
    ],
)
def test_models_are_read_from_the_project_from_object_stores_and_from_registries(uri: str, problem: str | None) -> None:
    named = {"format": "container"} if uri.startswith("oci:") else {}
    assert slugs({"model": {"uri": uri, "version": "1", **named}}) == [problem] * bool(problem)


def test_an_image_with_a_section_needs_no_format_and_no_other_model_is_one() -> None:
    image = {"uri": "oci://registry.example.com/fraud:1", "version": "1", "container": {"ports": {"http": 9000}}}

    assert slugs({"model": image}) == []
    assert slugs({"model": {"uri": image["uri"], "version": "1"}}) == ["format-unknown"]
    assert slugs({"model": {**image, "uri": "s3://acme/fraud.onnx"}}) == ["container-without-image"]
    assert slugs({"model": {**image, "format": "onnx"}}) == ["container-without-image"]


def test_a_directory_with_a_config_is_a_model_and_one_without_is_none(tmp_path: Path) -> None:
    (tmp_path / "chat").mkdir()
    model = {"uri": "chat", "version": "1"}
    (tmp_path / "chat" / "model.onnx").write_text("stands for a model")

    (problem,) = found({"model": model}, tmp_path)
    assert (problem.slug, problem.remedy) == ("model-missing", "did you mean chat/model.onnx?")

    (tmp_path / "chat" / "config.json").write_text("{}")
    assert found({"model": model}, tmp_path) == []
    assert [d.slug for d in found({"model": {**model, "format": "onnx"}}, tmp_path)] == ["model-missing"]


PRINTED = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff"), max_size=30
)


@settings(max_examples=300, deadline=None)
@given(expression=st.lists(st.text("0123456789*/,-LW#?@abMONFRI ", max_size=8), max_size=7).map(" ".join) | PRINTED)
def test_any_text_for_a_cron_is_read_or_explained(expression: str) -> None:
    problems = slugs({"traffic": {"peak": "1/s", "schedule": [{"cron": expression or "x", "factor": 1}]}})

    assert set(problems) <= {"bad-cron"}
    if len(expression.split()) != 5:
        assert problems == ["bad-cron"]


@pytest.mark.parametrize("cron", ["0 8 * * 1-5", "*/15 9-17 * * MON-FRI", "30 2 1 1,7 *", "0 0 29 2 *"])
def test_a_cron_as_everybody_writes_it_is_fine(cron: str) -> None:
    assert slugs({"traffic": {"peak": "1/s", "schedule": [{"cron": cron, "factor": 1}]}}) == []


@pytest.mark.parametrize("cron", ["60 8 * * *", "0 8 31 2 *", "0 8 * * 8", "0 8 * 13 *", "8:30", "9" * 400 + " * * * *"])
def test_a_cron_that_never_comes_is_none(cron: str) -> None:
    assert slugs({"traffic": {"peak": "1/s", "schedule": [{"cron": cron, "factor": 1}]}}) == ["bad-cron"]


def test_every_time_zone_of_the_database_is_known() -> None:
    wrong = [zone for zone in available_timezones() if slugs({"traffic": {"timeZone": zone}})]

    assert wrong == []


@pytest.mark.parametrize("name", ["../etc/passwd", "/etc/localtime", "Europe", "Europe/", "PST", "UTC+2", "\0", "x" * 400, " "])
def test_what_is_no_time_zone_is_told(name: str) -> None:
    assert slugs({"traffic": {"timeZone": name}}) == ["unknown-time-zone"]


@settings(max_examples=100, deadline=None)
@given(limits=PERCENTILES, timeout=st.integers(1, 60), key=st.sampled_from(["latency", "ttft"]))
def test_nobody_gives_up_before_a_promised_time(limits: dict[str, str], timeout: int, key: str) -> None:
    early = any(timeout < int(limit.removesuffix("s")) for limit in limits.values())

    problems = slugs({"slo": {key: limits}, "serving": {"timeout": f"{timeout}s"}})

    assert problems.count("timeout-within-slo") == early


ZONES = {
    "us-east-1a": "us-east-1",
    "us-gov-west-1b": "us-gov-west-1",
    "us-west-2-lax-1a": "us-west-2",
    "europe-west4-b": "europe-west4",
    "northamerica-northeast1-c": "northamerica-northeast1",
}
REGIONS = ("us-east-1", "us-gov-west-1", "ap-southeast-7", "europe-west12", "northamerica-northeast1", "me-central2", "eastus2")


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_is_told_with_its_region(zone: str) -> None:
    (problem,) = found({"hardware": {"regions": [zone]}})

    assert (problem.slug, problem.remedy) == ("zone-as-region", f"did you mean {ZONES[zone]}?")


def test_no_region_is_taken_for_a_zone() -> None:
    assert slugs({"hardware": {"regions": list(REGIONS)}}) == []


def test_currencies_are_those_of_the_standard_that_have_a_minor_unit() -> None:
    assert {code for code, row in iso4217.raw_table.items() if code and (row["CcyMnrUnts"] or "").isdigit()} == CURRENCIES


BATCH = {"mode": "batch", "batch": {"input": "s3://acme/in/", "output": "s3://acme/out/"}}


@pytest.mark.parametrize(
    "asked",
    [
        {"slo": {"throughput": "5/s"}},
        {"slo": {"availability": "99%"}},
        {"traffic": {"peak": "5/s"}},
        {"traffic": {"pattern": "bursty"}},
        {"serving": {"maxConcurrency": 8}},
        {"serving": {"cache": {"ttl": "1s"}}},
        {"serving": {"auth": {"apiKeys": {"env": "KEYS"}}}},
        {"serving": {"keepWarm": 1}},
        {"serving": {"replicas": {"min": 2}}},
        {"rollout": {"strategy": "canary"}},
    ],
    ids=json.dumps,
)
def test_a_batch_run_is_no_server(asked: dict[str, Any]) -> None:
    assert slugs({**BATCH, **asked}) == ["server-in-batch-mode"]
    assert slugs(asked) == []


def test_what_a_batch_run_says_that_it_does_not_have_is_fine() -> None:
    serving = {"cache": "off", "replicas": "auto", "keepWarm": 0, "maxConcurrency": "auto"}

    assert slugs({**BATCH, "serving": serving, "rollout": {"strategy": "direct"}, "traffic": {"pattern": "steady"}}) == []


@pytest.mark.parametrize(
    ("read", "written", "same"),
    [
        ("s3://acme/in/", "s3://acme/in", True),
        ("s3://acme/in/", "s3://acme/in/out/", True),
        ("in/", "./in/out/", True),
        ("s3://acme/in/", "s3://acme/in-and-out/", False),
        ("s3://acme/all/in/", "s3://acme/all/", False),
    ],
)
def test_a_run_never_writes_into_what_it_reads(read: str, written: str, same: bool) -> None:
    assert slugs({"mode": "batch", "batch": {"input": read, "output": written}}) == ["output-is-input"] * same


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("s3://acme/model.tar.gz", False),
        ("gs://acme/model.bin", False),
        ("s3://acme/model.onnx", True),
        ("s3://acme/llama-3.1-8b", True),
        ("s3://acme/model.dir/", True),
    ],
)
def test_the_ending_of_a_model_in_an_object_store_tells_its_format_or_is_none(uri: str, told: bool) -> None:
    assert slugs({"model": {"uri": uri, "version": "1"}}) == ["format-unknown"] * (not told)
    assert slugs({"model": {"uri": uri, "version": "1", "format": "onnx"}}) == []


SECRET = "hunter2-and-more"
HOLDS_A_SECRET = {
    "a variable in a block": "  model:\n    uri: oci://example.com/a:1\n    version: '1'\n    container:\n"
    f"      env:\n        DB_PASSWORD: {SECRET}\n",
    "variables on one line": "  model: {uri: 'oci://example.com/a:1', version: '1',"
    f" container: {{env: {{PLAIN: x, API_TOKEN: {SECRET}, CLIENT_SECRET: {SECRET}}}}}}}\n",
    "a password in a uri": "  model: {uri: 'oci://example.com/a:1', version: '1',"
    f" container: {{env: {{DB: 'postgres://fraud:{SECRET}@db/x'}}}}}}\n",
    "keys as they are": f"  model: {{uri: 's3://acme/a.onnx', version: '1'}}\n  serving: {{auth: {{apiKeys: {SECRET}}}}}\n",
    "keys as a variable's name": "  model: {uri: 's3://acme/a.onnx', version: '1'}\n  serving:\n    auth:\n      apiKeys:\n"
    f"        env: {SECRET}\n",
    "a webhook": "  model: {uri: 's3://acme/a.onnx', version: '1'}\n  monitoring:\n    alerts:\n"
    f"      - name: slow\n        when: {{p99: 1s}}\n        webhook: https://hooks.example.com/{SECRET}\n",
}


@pytest.mark.parametrize("case", HOLDS_A_SECRET)
def test_a_secret_in_a_document_is_told_and_never_shown(case: str, tmp_path: Path) -> None:
    text = f"apiVersion: infractl.dev/v1\nkind: InferenceService\nmetadata: {{name: fraud}}\nspec:\n{HOLDS_A_SECRET[case]}"
    (tmp_path / "fraud.yaml").write_text(text)

    try:
        problems = load_project([tmp_path]).diagnostics
    except SpecError as error:
        problems = error.diagnostics

    assert problems
    shown = [render(problems, color=True), json.dumps(as_json(problems)), json.dumps(as_sarif(problems, "1"))]
    assert not any(SECRET in text for text in shown)


def test_a_plain_text_secret_is_a_warning_and_a_name_that_only_looks_like_one_is_nothing(tmp_path: Path) -> None:
    env = {"DB_PASSWORD": "x", "MAX_TOKENS": "512", "TOKENIZER": "bpe", "KEY_COLUMN": "id", "SIGNING_KEY": {"env": "KEY"}}

    problems = found({"model": {"uri": "oci://example.com/a:1", "version": "1", "container": {"env": env}}})

    assert [(d.slug, d.severity) for d in problems] == [("secret-in-plain-text", Severity.warning)]
    assert "DB_PASSWORD" in problems[0].detail


def test_a_right_project_lists_no_directory_for_suggestions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_text("stands for a model")
    text = "apiVersion: infractl.dev/v1\nkind: InferenceService\nmetadata: {name: fraud}\n"
    (tmp_path / "fraud.yaml").write_text(text + "spec: {model: {uri: model.onnx, version: '1'}}\n")
    monkeypatch.setattr("infractl.spec.find._names", lambda *_: pytest.fail("a directory was listed"))

    assert load_project([tmp_path / "fraud.yaml"]).diagnostics == ()


@pytest.mark.parametrize("idea", sorted(set(IDEAS.values())))
def test_what_is_proposed_for_another_tool_s_key_is_right_where_it_is_said_to_belong(idea: str) -> None:
    path, _, example = idea.partition(": ")
    document: dict[str, Any] = {
        "apiVersion": "infractl.dev/v1",
        "kind": "InferenceService",
        "metadata": {"name": "fraud"},
        "spec": {},
    }
    *parents, key = path.split(".")
    section = document
    for parent in parents:
        section = section.setdefault(parent, {"uri": "a.onnx", "version": "1"} if parent == "model" else {})
    section[key] = yaml.safe_load(example)

    assert validate(InferenceService, document)


SECTIONS = {
    **{entry.keys[-1]: [e.field.key for e in entry.inside] for entry in entries_within(InferenceService) if entry.inside},
    "infractl.yaml": [f.key for f in fields_of(Project)],
    "Environment": [f.key for f in fields_of(Environment)],
}


@pytest.mark.parametrize("section", [*NEAR, "infractl.yaml", "Environment"])
def test_what_is_proposed_in_the_same_mapping_is_one_of_its_keys_or_a_sentence(section: str) -> None:
    told = {**NEAR, "infractl.yaml": OF_PROJECTS, "Environment": OF_ENVIRONMENTS}[section]

    keys = [here.partition(": ")[0] for here in told.values()]
    assert [key for key in keys if " " not in key and key not in SECTIONS[section]] == []
    assert not told.keys() & set(SECTIONS[section])


SHAPES = {
    "duration": shape_at(ServiceSpec, ("serving", "timeout")),
    "rate": shape_at(ServiceSpec, ("serving", "rateLimit")),
    "share": shape_at(ServiceSpec, ("slo", "errorRate")),
    "size": shape_at(ServiceSpec, ("serving", "maxPayload")),
    "money": shape_at(ServiceSpec, ("budget", "monthly")),
}
READ = {
    "duration": parse_duration_s,
    "rate": parse_rate_per_s,
    "share": parse_share,
    "size": parse_bytes,
    "money": parse_money,
}


@pytest.mark.parametrize(
    ("shape", "written", "meant"),
    [
        ("duration", "10", "10ms or 10s"),
        ("duration", "20 milliseconds", "20ms"),
        ("duration", "5min", "5m"),
        ("duration", "1h30m", "90m"),
        ("duration", "PT1H", "1h"),
        ("duration", "soon", None),
        ("rate", "2000", "2000/s"),
        ("rate", "2000 rps", "2000/s"),
        ("rate", "100 requests per hour", "100/h"),
        ("rate", "60 rpm", "60/min"),
        ("rate", "many", None),
        ("share", "0.001", "0.001% or 0.1%"),
        ("share", "0.1", "0.1% or 10%"),
        ("share", "99,9%", "99.9%"),
        ("share", "1e-3", "0.001% or 0.1%"),
        ("share", "5", "5%"),
        ("share", "1", "1% or 100%"),
        ("share", "5 percent", "5%"),
        ("share", "500", None),
        ("size", "4Gi", "4GiB"),
        ("size", "512M", "512MiB or 512MB"),
        ("size", "512mb", "512MB"),
        ("size", "big", None),
        ("money", "$1,500", "1500 USD"),
        ("money", "EUR 20", "20 EUR"),
        ("money", "20 eur", "20 EUR"),
        ("money", "20€", "20 EUR"),
        ("money", "20", None),
    ],
)
def test_a_quantity_in_other_words_is_understood(shape: str, written: str, meant: str | None) -> None:
    assert meant_quantity(written, SHAPES[shape]) == meant


ALMOST = st.from_regex(r"\A[$€]?[0-9.,]{1,6} ?[a-zA-Z/%]{0,5}\Z")


@settings(max_examples=300, deadline=None)
@given(quantity=st.sampled_from(sorted(READ)), written=ALMOST | PRINTED)
def test_whatever_quantity_is_proposed_can_be_read(quantity: str, written: str) -> None:
    for proposed in filter(None, (meant_quantity(written, SHAPES[quantity]) or "").split(" or ")):
        READ[quantity](proposed)  # raises UnitError


@pytest.mark.parametrize("rule", [*RULES, *PROJECT_RULES], ids=lambda rule: rule.__name__)
def test_a_rule_says_why_for_the_reference(rule: Any) -> None:
    assert rule.__doc__


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """docs/errors.py, which is no package: it knows every slug in the source."""
    spec = importlib.util.spec_from_file_location("docs_errors", ROOT / "docs" / "errors.py")
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ELSEWHERE = {
    "file-too-big": "test_load",
    "nested-project": "test_load, a note",
    "more-problems": "test_hostile: a document with that many is long",
    "yaml-size": "test_hostile: such a file is big",
    "file-left-out": "test_hostile, a warning",
    "environment-size": "test_hostile: such a file is big",
    "bad-selector": "test_selection: of the command line",
    "what-if": "test_estimate: of the command line",
    "label-unmatched": "test_selection: of the command line",
    "wrong-value": "test_load, of a provider's settings",
}
"""Slugs that no folder can show, and what shows them."""


def test_every_slug_of_the_spec_is_shown_by_a_broken_document(reference: ModuleType) -> None:
    shown = {
        slug for file in BROKEN.glob("*/expected.txt") for slug in re.findall(r"^\w+\[([a-z0-9-]+)\]:", file.read_text(), re.M)
    }
    modules = [m for m in reference.modules() if (ROOT / "infractl" / "spec") in m.parents]
    said = {p.slug for m in modules for p in reference.problems_in(reference.ast.parse(m.read_text()))}

    assert said
    assert sorted(said - shown - ELSEWHERE.keys()) == []


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"rollout": {"strategy": "canary", "rollbackOn": {"ttft": "0ms"}}}, "duration-positive"),
        ({"monitoring": {"alerts": [{"name": "slow", "when": {"tpot": "0s"}}]}}, "duration-positive"),
        ({"slo": {"ttft": {"p95": "0ms"}}}, "duration-positive"),
        ({"serving": {"cache": {"ttl": "0s"}}}, "duration-positive"),
        ({"serving": {"rateLimit": "0/s"}}, "rate-positive"),
        ({"serving": {"rateLimit": {"rate": "0/min"}}}, "rate-positive"),
        ({"serving": {"cache": {"size": "0B"}}}, "size-positive"),
        ({"serving": {"batching": {"maxBatch": 2, "maxDelay": "0s"}}}, None),
        ({"rollout": {"strategy": "canary", "bake": "0s"}}, None),
        ({"monitoring": {"alerts": [{"name": "slow", "when": {"p99": "1s"}, "for": "0s"}]}}, None),
    ],
)
def test_a_quantity_of_nothing_is_a_slip_wherever_zero_does_not_say_something(spec: Any, problem: str | None) -> None:
    assert slugs({"model": MODEL, **spec}) == [problem] * bool(problem)
