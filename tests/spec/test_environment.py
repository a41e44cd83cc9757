"""A project in its environments: what each service becomes, where its values then point, and which files have a say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.domain.given import Given
from infractl.errors import Diagnostics, Mark, SpecError
from infractl.report.diagnostic import render
from infractl.report.given_text import given_lines
from infractl.spec.environment.overlay import Overlay, lay
from infractl.spec.environment.values import Values
from infractl.spec.load import LoadedProject, LoadedService, load_in_every_environment, load_project
from infractl.spec.yaml.parse import parse

CASE = Path(__file__).parents[1] / "cases" / "workflows" / "environment"
BROKEN = Path(__file__).parents[1] / "cases" / "spec" / "broken"

PROJECT = "project: shop\ntargets: {local: {provider: local}, spare: {provider: local}}\nvalues: {peak: 2000/s}\n"
SERVICE = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata:
  name: fraud
spec:
  model: {uri: model.onnx, version: "1"}
  slo:
    latency: {p95: 10ms, p99: 20ms}
  traffic: {average: 60/s, peak: "${peak}"}
"""
STAGING = """\
apiVersion: infractl.dev/v1
kind: Environment
metadata: {name: staging}
values: {peak: 80/s}
overlay:
  spec:
    targets: [spare]
    serving: {warmup: 1}
services:
  fraud:
    spec:
      slo:
        latency:
          p99: null
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as the current directory: fraud.yaml, and the environment staging."""
    (tmp_path / "infractl.yaml").write_text(PROJECT)
    (tmp_path / "fraud.yaml").write_text(SERVICE)
    (tmp_path / "model.onnx").write_text("a model")
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "staging.yaml").write_text(STAGING)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def only(loaded: LoadedProject) -> LoadedService:
    (service,) = loaded.services
    return service


def wrong(*paths: str, environment: str = "staging") -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as raised:
        load_project([Path(p) for p in paths], environment)
    return [(d.slug, str(d.at)) for d in raised.value.diagnostics]


def test_an_environment_changes_what_its_file_says_and_nothing_else(project: Path) -> None:
    plain = only(load_project([project])).service.spec
    spec = only(load_project([project], "staging")).service.spec

    assert (plain.traffic.peak, plain.targets, plain.serving.warmup, plain.slo.latency.p99) == (2000, (), 3, 0.02)
    assert (spec.traffic.peak, spec.targets, spec.serving.warmup, spec.slo.latency.p99) == (80, ("spare",), 1, None)
    assert (spec.slo.latency.p95, spec.traffic.average, spec.model) == (0.01, 60, plain.model)


def test_each_value_points_at_the_file_that_it_came_from(project: Path) -> None:
    service = only(load_project([project], "staging"))

    places = {
        "spec.traffic.peak": "environments/staging.yaml:4:16",
        "spec.traffic.average": "fraud.yaml:9:22",
        "spec.traffic": "fraud.yaml:9:12",
        "spec.targets": "environments/staging.yaml:7:14",
        "spec.targets.0": "environments/staging.yaml:7:15",
        "spec.serving.warmup": "environments/staging.yaml:8:23",
        "spec.slo.latency.p95": "fraud.yaml:8:20",
    }
    assert {path: str(service.mark(path)) for path in places} == places
    assert service.mark("spec.slo.latency.p99") is None
    assert str(service.document.nearest_mark(("spec", "slo", "latency", "p99"))) == "environments/staging.yaml:14:11"
    assert str(service.document.nearest_mark(("spec", "traffic", "absent"))) == "fraud.yaml:9:3"


def test_the_default_environment_has_no_file_and_the_project_s_values(project: Path) -> None:
    named, unnamed = load_project([project], "default"), load_project([project])

    assert only(named).digest == only(unnamed).digest
    assert (named.environment, only(named).service.spec.traffic.peak) == ("default", 2000)
    assert only(named).given == (Given(path="spec.traffic.peak", value="2000/s", before="${peak}", at="infractl.yaml:3"),)


def test_a_digest_is_that_of_the_document_that_comes_out(project: Path) -> None:
    staging = only(load_project([project], "staging")).digest
    (project / "fraud.yaml").write_text(
        SERVICE.replace("${peak}", "80/s").replace(", p99: 20ms", "") + "  targets: [spare]\n  serving: {warmup: 1}\n"
    )

    assert only(load_project([project])).digest == staging


def test_a_document_that_no_environment_concerns_is_not_copied() -> None:
    (document,) = parse(SERVICE.replace("${peak}", "2000/s").encode(), "fraud.yaml").documents
    problems = Diagnostics()

    laid = lay(document, Overlay(Values("staging", {}), patches={"search": document.root}), problems)

    assert laid.document is document
    assert (laid.given, len(problems)) == ((), 0)


def test_the_environment_is_found_wherever_the_paths_lead(project: Path) -> None:
    (project / "services").mkdir()
    (project / "services" / "search.yaml").write_text(SERVICE.replace("fraud", "search").replace("model.onnx", "../model.onnx"))

    assert only(load_project([Path("services")], "staging")).service.spec.traffic.peak == 80
    assert only(load_project([Path("fraud.yaml")], "staging")).service.spec.targets == ("spare",)


@pytest.mark.parametrize(
    "name", ["stagign", "", "..", "../environments/staging", "/etc/passwd", "a\0b", "Staging", "staging.yaml"]
)
def test_an_environment_that_is_not_there_is_told_with_those_that_are(name: str, project: Path) -> None:
    with pytest.raises(SpecError, match=r"unknown-environment.*is not among: default, staging"):
        load_project([project], name)


def test_environments_in_a_directory_are_neither_services_nor_skipped(project: Path) -> None:
    loaded = load_project([project])

    assert ([s.name for s in loaded.services], loaded.environments, loaded.diagnostics) == (["fraud"], ("default",), ())


def test_a_service_that_lies_among_environments_is_still_a_service(project: Path) -> None:
    """What is recorded of a service whose document nobody reads would be destroyed."""
    text = SERVICE.replace("fraud", "search").replace("model.onnx", "../model.onnx")
    (project / "environments" / "search.yaml").write_text(text)

    assert [s.name for s in load_project([project]).services] == ["fraud", "search"]


def test_a_patch_for_a_service_that_was_not_named_is_no_error(project: Path) -> None:
    (project / "environments" / "staging.yaml").write_text(STAGING + "  search: {spec: {targets: [local]}}\n")

    assert wrong(".") == [("unknown-service", "environments/staging.yaml:15:3")]
    assert load_project([Path("fraud.yaml")], "staging").services


def test_what_is_wrong_with_a_patch_for_all_services_is_told_once(project: Path) -> None:
    for name in ("a", "b", "c"):
        (project / f"{name}.yaml").write_text(SERVICE.replace("fraud", name))
    (project / "environments" / "staging.yaml").write_text(STAGING.replace("spare", "moon").replace("warmup", "warmpu"))

    assert wrong(".") == [("unknown-target", "environments/staging.yaml:7:15"), ("unknown-key", "environments/staging.yaml:8:15")]


def test_another_environment_s_mistakes_stop_nobody(project: Path) -> None:
    (project / "environments" / "broken.yaml").write_text(STAGING)

    assert load_project([project], "staging").services and load_project([project]).services
    assert wrong(".", environment="broken") == [("environment-name", "environments/broken.yaml:3:18")]


def test_every_environment_of_a_project_can_be_checked_at_once(project: Path) -> None:
    assert [s.service.spec.traffic.peak for s in load_in_every_environment([project]).services] == [2000]
    (project / "environments" / "small.yaml").write_text(STAGING.replace("name: staging", "name: small").replace("80/s", "8/s"))
    (project / "environments" / "typo.yaml").write_text(
        STAGING.replace("name: staging", "name: typo").replace("warmup", "wramup")
    )

    with pytest.raises(SpecError) as raised:
        load_in_every_environment([project])

    assert [(d.slug, str(d.at)) for d in raised.value.diagnostics] == [
        ("unknown-key", "environments/typo.yaml:8:15"),
        ("traffic-order", "fraud.yaml:9:22"),
    ]
    assert raised.value.diagnostics[1].detail == "in the environment small: average is 60/s and peak is 8/s"


@pytest.mark.parametrize("text", ["peak: 50/s\n", "- peak\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dev}\n"])
def test_a_file_among_environments_that_declares_none_is_an_error_of_validate_as_it_is_of_plan(text: str, project: Path) -> None:
    file = project / "environments" / "dev.yaml"
    file.write_text(text)

    assert load_project([project]).services and load_project([project], "staging").services
    assert wrong(".", environment="dev") == [("environment-undeclared", "environments/dev.yaml:1:1")]
    for path in (project, file):
        with pytest.raises(SpecError) as raised:
            load_in_every_environment([path])
        assert [(d.slug, str(d.at)) for d in raised.value.diagnostics] == [
            ("environment-undeclared", "environments/dev.yaml:1:1")
        ]


def test_a_file_among_environments_that_is_no_yaml_is_an_error_of_validate_as_it_is_of_plan(project: Path) -> None:
    (project / "environments" / "dev.yaml").write_text("a: [\n")

    (told,) = wrong(".", environment="dev")
    with pytest.raises(SpecError, match=told[0]):
        load_in_every_environment([project])


def test_a_service_among_environments_needs_no_environment_beside_it(project: Path) -> None:
    text = SERVICE.replace("fraud", "search").replace("model.onnx", "../model.onnx")
    (project / "environments" / "search.yaml").write_text(text)

    assert [s.name for s in load_in_every_environment([project]).services] == ["fraud", "search"]
    assert wrong(".", environment="search") == [("environment-undeclared", "environments/search.yaml")]


def test_an_undeclared_environment_hides_no_other_problem(project: Path) -> None:
    (project / "environments" / "dev.yaml").write_text("peak: 50/s\n")
    (project / "environments" / "staging.yaml").write_text(STAGING + "  search: {}\n")

    with pytest.raises(SpecError) as raised:
        load_in_every_environment([project])

    assert [d.slug for d in raised.value.diagnostics] == ["environment-undeclared", "unknown-service"]


def test_a_slip_in_a_patch_is_told_where_another_patch_hides_it(project: Path) -> None:
    slips = "overlay: {spec: {serving: {warmpu: 1}, slo: {latencyy: {p95: 1ms}}}}\n"
    more = "services: {fraud: {spec: {serving: {warmpu: 2}, slo: {latencyy: null}}}}\n"
    head = STAGING[: STAGING.index("overlay")]
    (project / "environments" / "staging.yaml").write_text(head + slips + more)

    places = [("unknown-key", f"environments/staging.yaml:{place}") for place in ("5:28", "5:46", "6:37", "6:55")]
    assert wrong(".") == places
    assert wrong("fraud.yaml") == places


def test_what_is_wrong_in_every_environment_is_told_once(project: Path) -> None:
    (project / "fraud.yaml").write_text(SERVICE.replace("10ms", "10"))

    with pytest.raises(SpecError) as raised:
        load_in_every_environment([project])

    assert [d.slug for d in raised.value.diagnostics] == ["quantity"]


def test_an_environment_s_file_alone_can_be_checked(project: Path) -> None:
    file = project / "environments" / "staging.yaml"

    assert load_in_every_environment([file]).environments == ("default", "staging")
    file.write_text(STAGING.replace("values", "vlaues"))
    with pytest.raises(SpecError, match="unknown-key"):
        load_in_every_environment([file])


@pytest.mark.parametrize("slip", ["infractl/v1", "infractl.dve/v1"])
def test_a_slip_in_an_environment_s_version_is_an_error_and_no_skipped_document(slip: str, project: Path) -> None:
    (project / "environments" / "staging.yaml").write_text(STAGING.replace("infractl.dev/v1", slip))

    assert wrong(".") == [("unknown-value", "environments/staging.yaml:1:13")]
    with pytest.raises(SpecError, match="unknown-value"):
        load_in_every_environment([project])


def test_a_model_s_path_begins_beside_the_service_whatever_file_says_it(project: Path) -> None:
    (project / "other.onnx").write_text("another model")
    (project / "environments" / "staging.yaml").write_text(STAGING + "      model: {uri: other.onnx}\n")

    assert only(load_project([project], "staging")).model_path == project / "other.onnx"


def test_what_came_from_the_environment_reads_as_its_case_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASE)
    services = load_project([Path()], "staging").services
    text = "".join(f"{s.name}\n" + "".join(f"    {line}\n" for line in given_lines(s.given)) for s in services)

    golden = CASE / "expected.txt"
    if os.environ.get("INFRACTL_GOLDENS"):
        golden.write_text(text)
    assert text == golden.read_text()


def test_a_value_that_would_steer_the_terminal_or_fill_it_is_not_printed_as_it_is() -> None:
    steering = Given(path="a", value="\x1b[31mred\n", before="x" * 1000, at="e.yaml:1")

    (line,) = given_lines([steering])

    assert line.isprintable() and len(line) < 150


TEXTS = [p.read_text() for p in sorted(BROKEN.glob("*/environments/staging.yaml"))] + [STAGING]
WORDS = [
    "${peak}",
    "${",
    "$${",
    "null",
    "{}",
    "[]",
    "3",
    "metadata:",
    "spec: ",
    "overlay:\n",
    "&a ",
    "*a",
    "---\n",
    "'",
    "\t",
    "\n",
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("project")
    (path / "infractl.yaml").write_text(PROJECT)
    (path / "fraud.yaml").write_text(SERVICE)
    (path / "model.onnx").write_text("a model")
    (path / "environments").mkdir()
    yield path


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_an_environment_s_file_holds_it_is_loaded_or_explained(data: st.DataObject, shared: Path) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(st.sampled_from([*WORDS, "", text[start:end] * 2])) + text[end:]
    (shared / "environments" / "staging.yaml").write_text(text)
    for load in (lambda: load_project([shared], "staging"), lambda: load_in_every_environment([shared])):
        try:
            loaded = load()
            problems = loaded.diagnostics
            assert all(list(given_lines(s.given)) for s in loaded.services if s.given)
        except SpecError as error:
            problems = error.diagnostics
        assert all(d.at for d in problems)
        for mark in (d.at for d in problems if isinstance(d.at, Mark)):
            source = next(p for p in shared.rglob("*.yaml") if p.name == Path(mark.file).name).read_text()
            assert mark.text in source
        assert render(problems, color=True) or not problems
