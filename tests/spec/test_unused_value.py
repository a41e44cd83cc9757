"""A value that nothing refers to is mostly a slip for another, and said to be so where that can be known."""

from __future__ import annotations

from pathlib import Path

import pytest

from infractl.errors import SpecError
from infractl.spec.load import LoadedProject, load_in_every_environment, load_project

SERVICE = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {name: fraud}
spec:
  model: {uri: model.onnx, version: "1"}
  traffic: {peak: "${peak}"}
"""


def environment(name: str, rest: str) -> str:
    return f"apiVersion: infractl.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\n{rest}"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as the current directory, in which `peak` is used by a service and `warmup` by the patches of staging."""
    (tmp_path / "infractl.yaml").write_text("project: shop\nvalues: {peak: 2000/s, warmup: 3}\n")
    (tmp_path / "fraud.yaml").write_text(SERVICE)
    (tmp_path / "model.onnx").write_text("a model")
    (tmp_path / "environments").mkdir()
    patch = 'overlay: {spec: {serving: {warmup: "${warmup}"}}}\n'
    (tmp_path / "environments" / "staging.yaml").write_text(environment("staging", f"values: {{peak: 50/s}}\n{patch}"))
    (tmp_path / "environments" / "production.yaml").write_text(environment("production", ""))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def unused(loaded: LoadedProject) -> list[tuple[str, str, str]]:
    return [(str(d.severity), str(d.at), d.remedy) for d in loaded.diagnostics if d.slug == "unused-value"]


def test_values_that_a_service_or_any_environment_uses_are_not_spoken_of(project: Path) -> None:
    assert unused(load_in_every_environment([project])) == []
    for name in ("default", "staging", "production"):
        assert unused(load_project([project], name)) == []


def test_a_value_that_is_like_one_that_is_used_may_be_meant_for_it(project: Path) -> None:
    (project / "environments" / "production.yaml").write_text(environment("production", "values: {peek: 50/s}\n"))

    told = [("warning", "environments/production.yaml:4:10", "did you mean peak?")]
    assert unused(load_in_every_environment([project])) == told
    assert unused(load_project([project], "production")) == told


def test_a_value_that_another_environment_alone_uses_is_unused_in_this_one(project: Path) -> None:
    (project / "environments" / "production.yaml").write_text(environment("production", "values: {warmup: 9}\n"))

    told = [("warning", "environments/production.yaml:4:10", "remove it, or write ${warmup} where it is meant")]
    assert unused(load_in_every_environment([project])) == told


def test_another_environment_s_unused_values_are_not_this_one_s_business(project: Path) -> None:
    (project / "environments" / "production.yaml").write_text(environment("production", "values: {peek: 50/s}\n"))

    assert unused(load_project([project], "staging")) == unused(load_project([project])) == []


def test_a_value_of_the_project_that_nothing_uses_is_told_in_every_environment_once(project: Path) -> None:
    (project / "infractl.yaml").write_text("project: shop\nvalues: {peak: 2000/s, warmup: 3, bucket: models}\n")

    told = [("warning", "infractl.yaml:2:35", "remove it, or write ${bucket} where it is meant")]
    assert unused(load_in_every_environment([project])) == told
    assert unused(load_project([project], "staging")) == told


def test_of_single_files_nobody_can_say_what_is_unused(project: Path) -> None:
    (project / "infractl.yaml").write_text("project: shop\nvalues: {peak: 2000/s, warmup: 3, bucket: models}\n")

    assert unused(load_in_every_environment([Path("fraud.yaml")])) == []
    assert unused(load_project([Path("fraud.yaml")], "staging")) == []


def test_what_stands_for_the_characters_themselves_is_no_reference(project: Path) -> None:
    (project / "fraud.yaml").write_text(SERVICE.replace("uri: model.onnx", 'uri: "$${bucket}.onnx"'))
    (project / "${bucket}.onnx").write_text("a model")
    (project / "infractl.yaml").write_text("project: shop\nvalues: {peak: 2000/s, warmup: 3, bucket: models}\n")

    assert [at for _, at, _ in unused(load_project([project]))] == ["infractl.yaml:2:35"]


def test_what_an_error_asks_after_is_not_told_a_second_time(project: Path) -> None:
    (project / "environments" / "staging.yaml").write_text(
        environment("staging", 'values: {warmpu: 3}\noverlay: {a: "${warmupp}"}\n')
    )

    with pytest.raises(SpecError, match=r"unknown-environment-value") as raised:
        load_project([project], "staging")
    assert [d.slug for d in raised.value.diagnostics if d.slug == "unused-value" and "warmpu" in d.detail] == []
