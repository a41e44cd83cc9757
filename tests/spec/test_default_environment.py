"""A project without a default environment: nothing is checked or done in it, and whoever names no other is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from infractl.errors import Diagnostic, SpecError
from infractl.spec.load import load_in_every_environment, load_project, load_root

SERVICE = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {name: fraud}
spec:
  model: {uri: model.onnx, version: "1"}
  slo: {latency: {p95: 10ms, p99: 20ms}}
  traffic: {average: 60/s, peak: "${peak}"}
"""


def environment(name: str, peak: str) -> str:
    return f"apiVersion: infractl.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\nvalues: {{peak: {peak}}}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as the current directory, whose service has a peak in production and staging alone."""
    (tmp_path / "infractl.yaml").write_text("project: shop\ndefaultEnvironment: false\n")
    (tmp_path / "fraud.yaml").write_text(SERVICE)
    (tmp_path / "model.onnx").write_text("a model")
    (tmp_path / "environments").mkdir()
    for name, peak in (("production", "2000/s"), ("staging", "80/s")):
        (tmp_path / "environments" / f"{name}.yaml").write_text(environment(name, peak))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wrong(*paths: str) -> list[Diagnostic]:
    with pytest.raises(SpecError) as raised:
        load_in_every_environment([Path(p) for p in paths])
    return list(raised.value.diagnostics)


def test_with_a_default_environment_its_missing_values_are_an_error_that_knows_a_way_out(project: Path) -> None:
    (project / "infractl.yaml").write_text("project: shop\n")

    (problem,) = wrong(".")

    assert problem.slug == "unknown-environment-value"
    assert "defaultEnvironment: false" in problem.remedy


def test_the_environments_that_there_are_are_checked_and_no_other(project: Path) -> None:
    loaded = load_in_every_environment([project])

    assert ([s.name for s in loaded.services], loaded.environments) == (["fraud"], ("production", "staging"))
    assert [load_project([project], name).services[0].service.spec.traffic.peak for name in loaded.environments] == [2000, 80]


@pytest.mark.parametrize("path", ["fraud.yaml", "services"])
def test_services_alone_are_checked_in_all_environments(path: str, project: Path) -> None:
    (project / "services").mkdir()
    (project / "services" / "search.yaml").write_text(
        SERVICE.replace("fraud", "search").replace("model.onnx", "../model.onnx").replace("60/s", "100/s")
    )
    (project / "fraud.yaml").write_text(SERVICE.replace("60/s", "100/s"))

    (problem,) = wrong(path)

    assert (problem.slug, problem.detail) == ("traffic-order", "in the environment staging: average is 100/s and peak is 80/s")


def test_a_named_environment_s_file_is_the_one_to_check(project: Path) -> None:
    assert load_in_every_environment([Path("fraud.yaml"), Path("environments/staging.yaml")]).environments == ("staging",)


def test_what_is_wrong_in_each_environment_is_told_once_and_of_none(project: Path) -> None:
    (project / "fraud.yaml").write_text(SERVICE.replace("p95: 10ms", "p95: 30ms"))

    (problem,) = wrong(".")

    assert (problem.slug, problem.detail) == ("latency-order", "p99 is 20ms and p95 is 30ms")


@pytest.mark.parametrize("load", [lambda: load_project([Path()]), lambda: load_root(Path())])
def test_who_names_no_environment_is_told_those_that_there_are(load: object, project: Path) -> None:
    assert callable(load)
    with pytest.raises(SpecError) as raised:
        load()

    (problem,) = raised.value.diagnostics
    assert (problem.slug, str(problem.at)) == ("environment-needed", "infractl.yaml:2:21")
    assert problem.remedy == "add --env NAME, with one of: production, staging"


def test_the_other_problems_are_told_with_it(project: Path) -> None:
    (project / "other.yaml").write_text("apiVersion: infractl.dev/v1\nkind: [\n")

    with pytest.raises(SpecError, match=r"environment-needed(.|\n)*yaml-syntax"):
        load_project([project])


def test_the_default_environment_is_none_that_can_be_named(project: Path) -> None:
    with pytest.raises(SpecError, match=r"unknown-environment.*default is not among: production, staging"):
        load_project([project], "default")


def test_without_any_environment_one_must_be_written(project: Path) -> None:
    for name in ("production", "staging"):
        (project / "environments" / f"{name}.yaml").unlink()

    (problem,) = wrong(".")

    assert (problem.slug, problem.remedy) == ("environment-needed", "write environments/NAME.yaml, and add --env NAME")
    with pytest.raises(SpecError, match=r"unknown-environment.*staging is not among: none"):
        load_project([project], "staging")


def test_it_holds_where_the_rest_of_the_project_s_file_is_broken(project: Path) -> None:
    (project / "infractl.yaml").write_text("project: shop\ndefaultEnvironment: false\nvaleus: {}\n")

    assert [problem.slug for problem in wrong(".")] == ["unknown-key"]


def test_a_policy_for_the_default_environment_would_never_hold(project: Path) -> None:
    policy = "policies: [{name: pinned, environments: [default], require: {sha256: true}}]\n"
    (project / "infractl.yaml").write_text(f"project: shop\ndefaultEnvironment: false\n{policy}")

    assert [problem.slug for problem in wrong(".")] == ["policy-environment"]
