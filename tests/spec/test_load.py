"""From paths to projects: which files are read, where marks point, what a digest depends on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from infractl.errors import Mark, Severity, SpecError
from infractl.spec.load import LoadedProject, load_project, settings_for

SERVICE = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata:
  name: fraud
spec:
  model:
    uri: model.onnx
    version: "1"
  slo:
    latency:
      p95: 10ms
  targets: [local]
"""
FOREIGN = "apiVersion: apps/v1\nkind: Deployment\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one service, as the current directory."""
    (tmp_path / "infractl.yaml").write_text("project: shop\ntargets:\n  local:\n    provider: local\n    port: 8080\n")
    (tmp_path / "fraud.yaml").write_text(SERVICE)
    (tmp_path / "model.onnx").write_text("a model")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def slugs(*paths: Path | str) -> list[str]:
    """The errors that loading the paths gives."""
    with pytest.raises(SpecError) as raised:
        load_project([Path(p) for p in paths])
    return [d.slug for d in raised.value.diagnostics]


def notes(loaded: LoadedProject) -> list[tuple[str, str]]:
    return [(d.slug, str(d.at)) for d in loaded.diagnostics]


def test_infractl_yaml_is_found_above_the_path(project: Path) -> None:
    (project / "services").mkdir()
    (project / "services" / "risk.yaml").write_text(SERVICE.replace("fraud", "risk").replace("model.onnx", "../model.onnx"))

    loaded = load_project([Path("services/risk.yaml")])

    assert loaded.project.project == "shop"
    assert loaded.root == project
    assert [s.name for s in loaded.services] == ["risk"]
    assert loaded.services[0].model_path == project / "model.onnx"


def test_naming_infractl_yaml_means_its_directory(project: Path) -> None:
    assert [s.name for s in load_project([Path("infractl.yaml")]).services] == ["fraud"]


def test_a_file_alone_is_a_project_named_after_its_directory(tmp_path: Path) -> None:
    directory = tmp_path / "42 My Models!"
    directory.mkdir()
    (directory / "fraud.yaml").write_text(SERVICE)
    (directory / "model.onnx").write_text("a model")

    loaded = load_project([directory / "fraud.yaml"])

    assert loaded.root == directory
    assert loaded.project.project == "my-models"
    assert list(loaded.project.targets) == ["local"]
    assert loaded.target_mark("local") is None


def test_hidden_files_and_directories_and_other_files_are_not_searched(project: Path) -> None:
    (project / ".pre-commit-config.yaml").write_text("repos: []\n")
    for directory in (".git", ".infractl/run", "deep/.hidden"):
        (project / directory).mkdir(parents=True)
        (project / directory / "risk.yaml").write_text("[")
    (project / "notes.txt").write_text(SERVICE)
    (project / "deep" / "risk.yml").write_text(SERVICE.replace("fraud", "risk").replace("model.onnx", "../model.onnx"))

    loaded = load_project([Path()])

    assert [s.name for s in loaded.services] == ["fraud", "risk"]
    assert loaded.diagnostics == ()


def test_other_documents_in_a_directory_are_skipped_with_a_note(project: Path) -> None:
    (project / "all.yaml").write_text(f"{FOREIGN}---\n{SERVICE.replace('fraud', 'risk')}---\n- a list\n")
    (project / "chart.yaml").write_text("{{ template }}: }\n")
    (project / "kserve.yaml").write_text("apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nspec: {}\n")
    (project / "none.yaml").write_text("")
    (project / "stack.yaml").write_text("Resources: !Ref Other\nResources: twice\n")

    loaded = load_project([project])

    assert [s.name for s in loaded.services] == ["fraud", "risk"]
    places = ["all.yaml:1:1", "all.yaml:17:1", "chart.yaml", "kserve.yaml:1:1", "none.yaml", "stack.yaml:1:1"]
    assert notes(loaded) == [("skipped-document", place) for place in places]


def test_what_may_have_been_a_service_is_skipped_with_a_warning(project: Path) -> None:
    """A recorded service that is no longer declared is destroyed: its emptied file must be seen in the plan."""
    (project / "emptied.yaml").write_text("")
    (project / "beheaded.yaml").write_text("spec: {}\n")
    (project / "mkdocs.yml").write_text("site_name: our docs\n")
    (project / "deployment.yaml").write_text(FOREIGN)

    loaded = load_project([project])

    severities = {str(d.at).partition(":")[0]: d.severity for d in loaded.diagnostics}
    assert severities == {
        "beheaded.yaml": Severity.warning,
        "deployment.yaml": Severity.note,
        "emptied.yaml": Severity.warning,
        "mkdocs.yml": Severity.note,
    }


@pytest.mark.parametrize(
    ("right", "slip"),
    [
        ("infractl.dev/v1", "infract.dev/v1"),
        ("infractl.dev/v1", "Infractl.dev/v1"),
        ("infractl.dev/v1", "infractl/v1"),
        ("infractl.dev/v1", "infractl.dve/v1"),
        ("infractl.dev/v1", "v1"),
        ("InferenceService", "InferenceServce"),
    ],
)
def test_a_slip_in_the_version_or_the_kind_is_an_error_and_never_another_tool_s_document(
    right: str, slip: str, project: Path
) -> None:
    (project / "fraud.yaml").write_text(SERVICE.replace(right, slip))

    with pytest.raises(SpecError) as raised:
        load_project([project])

    (problem,) = raised.value.diagnostics
    assert problem.slug == "unknown-value" and slip in problem.detail
    assert right in problem.remedy


@pytest.mark.parametrize(
    "version", ["infra.contrib.fluxcd.io/v1", "infrastructure.cluster.x-k8s.io/v1beta1", "serving.kserve.io/v1beta1"]
)
def test_what_others_write_is_not_taken_for_a_slip(version: str, project: Path) -> None:
    (project / "other.yaml").write_text(f"apiVersion: {version}\nkind: InferenceService\n")

    assert notes(load_project([project])) == [("skipped-document", "other.yaml:1:1")]


def test_a_broken_file_that_is_meant_for_us_is_never_skipped(project: Path) -> None:
    (project / "risk.yaml").write_text(SERVICE + "\tslo: 3\n")

    assert slugs(".") == ["yaml-tab"]


def test_a_foreign_document_that_was_named_is_an_error(project: Path) -> None:
    (project / "deployment.yaml").write_text(FOREIGN)

    assert slugs("fraud.yaml", "deployment.yaml") == ["not-a-service"]
    assert slugs(".", "deployment.yaml") == ["not-a-service"]


def test_a_project_inside_the_project_is_left_out_with_a_note(project: Path) -> None:
    (project / "other").mkdir()
    (project / "other" / "infractl.yaml").write_text("project: other\n")
    (project / "other" / "service.yaml").write_text(SERVICE)

    loaded = load_project([project])

    assert [s.name for s in loaded.services] == ["fraud"]
    assert notes(loaded) == [("nested-project", "other")]


def test_a_file_reached_twice_is_read_once(project: Path) -> None:
    (project / "link.yaml").symlink_to("fraud.yaml")

    assert len(load_project([Path(), Path("fraud.yaml"), project / "fraud.yaml"]).services) == 1


def test_one_name_in_two_files_is_an_error_that_names_both(project: Path) -> None:
    (project / "risk.yaml").write_text(SERVICE)

    with pytest.raises(SpecError, match=r"risk\.yaml:4:9: error\[duplicate-service\].*fraud is also at fraud\.yaml:4:9"):
        load_project([project])


def test_the_problems_of_all_files_come_at_once(project: Path) -> None:
    (project / "infractl.yaml").write_text("project: Shop\n")
    (project / "a.yaml").write_text(SERVICE.replace("fraud", "a").replace("10ms", "10"))
    (project / "b.yaml").write_text(SERVICE.replace("fraud", "b").replace("model.onnx", "modle.onnx"))
    (project / "c.yaml").write_text(SERVICE + "  [")

    assert slugs(".", "absent.yaml") == ["quantity", "file-missing", "model-missing", "yaml-syntax", "bad-name"]


def test_a_pipe_and_a_device_are_not_read(project: Path) -> None:
    os.mkfifo(project / "pipe.yaml")

    assert slugs("pipe.yaml") == ["file-unreadable"]
    assert slugs("/dev/zero") == ["file-unreadable"]
    assert load_project([project]).services


def test_a_file_of_more_than_ten_megabytes_is_not_parsed(project: Path) -> None:
    with (project / "big.yaml").open("wb") as file:
        file.write(SERVICE.encode())
        file.truncate(50_000_000)

    assert slugs("big.yaml") == ["file-too-big"]


def test_a_path_that_the_system_refuses_is_a_missing_file(project: Path) -> None:
    assert slugs("x" * 5000) == ["file-missing"]
    assert slugs("a\0b") == ["file-missing"]


@pytest.mark.parametrize("uri", ["../elsewhere.onnx", "link.onnx", "/dev/null", "directory/link/../../../elsewhere.onnx"])
def test_a_model_outside_of_the_project_is_refused_through_links_too(uri: str, project: Path) -> None:
    outside = project.parent / "elsewhere.onnx"
    outside.write_text("a model")
    (project / "link.onnx").symlink_to(outside)
    (project / "fraud.yaml").write_text(SERVICE.replace("model.onnx", uri))

    assert slugs("fraud.yaml") == ["model-outside-project"]


def test_a_link_inside_the_project_is_followed(project: Path) -> None:
    (project / "current.onnx").symlink_to("model.onnx")
    (project / "fraud.yaml").write_text(SERVICE.replace("model.onnx", "current.onnx"))

    assert load_project([Path("fraud.yaml")]).services[0].model_path == project / "model.onnx"


@pytest.mark.parametrize("uri", ["a.onnx", '"a\\0b"', "x" * 1500, ".", "model.onnx/model.onnx"])
def test_a_model_that_is_no_file_is_missing(uri: str, project: Path) -> None:
    (project / "a.onnx").symlink_to("b.onnx")
    (project / "b.onnx").symlink_to("a.onnx")
    (project / "fraud.yaml").write_text(SERVICE.replace("model.onnx", uri))

    assert slugs("fraud.yaml") == ["model-missing"]


def test_marks_name_the_file_as_the_user_would_type_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "below").mkdir()
    expected = {project: "fraud.yaml", project.parent: f"{project.name}/fraud.yaml", project / "below": "../fraud.yaml"}
    for here, name in expected.items():
        monkeypatch.chdir(here)
        path = Path("../fraud.yaml") if here.name == "below" else project / "fraud.yaml"
        mark = load_project([path]).services[0].mark("spec.slo.latency.p95")
        assert mark == Mark(file=name, line=11, column=12, width=4, text="      p95: 10ms")


def test_a_mark_is_found_by_keys_and_indexes_and_none_where_nothing_is_said(project: Path) -> None:
    (service,) = load_project([project]).services

    assert str(service.mark("spec.targets.0")) == "fraud.yaml:12:13"
    assert str(service.mark("spec.slo")) == "fraud.yaml:10:5"
    assert service.mark("spec.slo.latency.p50") is None
    assert service.mark("spec.targets.1") is None


@pytest.mark.parametrize("written", ["9f" * 32, "9F" * 32, "sha256:" + "9f" * 32, "SHA256:" + "9F" * 32])
def test_a_sha256_may_be_written_as_tools_print_it(written: str, project: Path) -> None:
    (project / "fraud.yaml").write_text(SERVICE.replace("    version:", f'    sha256: "{written}"\n    version:'))

    assert load_project([project]).services[0].service.spec.model.sha256 == "9f" * 32


@pytest.mark.parametrize("version", ["..", "a/b", "1 2", "ä", "v1?x", "-1", "%2e"])
def test_a_version_that_would_bend_a_url_is_refused(version: str, project: Path) -> None:
    (project / "fraud.yaml").write_text(SERVICE.replace('"1"', f'"{version}"'))

    assert slugs(".") == ["bad-version"]


@pytest.mark.parametrize("version", ["1", "v1.2.3", "2024-11-24", "1.0.0+build_7"])
def test_a_version_may_have_what_versions_mostly_have(version: str, project: Path) -> None:
    (project / "fraud.yaml").write_text(SERVICE.replace('"1"', f'"{version}"'))

    assert load_project([project]).services[0].service.spec.model.version == version


def test_a_digest_depends_on_values_alone(project: Path) -> None:
    def digest(text: str) -> str:
        (project / "fraud.yaml").write_text(text)
        return load_project([project]).services[0].digest

    plain = digest(SERVICE)
    lines = SERVICE.splitlines()
    assert digest("# a comment\n\n" + SERVICE.replace("10ms", '"10ms"   # ten')) == plain
    assert digest("\n".join([*lines[1:], lines[0]])) == plain
    assert digest("\ufeff" + SERVICE.replace("\n", "\r\n")) == plain
    assert digest(SERVICE.replace("10ms", "11ms")) != plain
    assert digest(SERVICE.replace('"1"', '"2"')) != plain


class Settings(BaseModel):
    """A provider's settings, as a plugin would have them."""

    model_config = ConfigDict(extra="forbid")

    port: int = Field(default=0, ge=0, le=65535)
    region: str = "here"
    keep_alive: int = Field(default=5, alias="keepAlive")


def test_a_target_s_settings_become_its_provider_s_model(project: Path) -> None:
    loaded = load_project([project])

    assert settings_for(loaded, "local", Settings).port == 8080
    assert str(loaded.target_mark("local")) == "infractl.yaml:3:3"
    assert str(loaded.target_mark("local", "port")) == "infractl.yaml:5:11"
    assert str(loaded.target_mark("local", "region")) == "infractl.yaml:3:3"
    assert loaded.target_mark("moon") is None


def test_settings_that_a_provider_refuses_are_shown_where_they_stand(project: Path) -> None:
    text = "project: shop\ntargets:\n  local: {provider: local, port: 80000, regoin: here, keepAlive: long}\n"
    (project / "infractl.yaml").write_text(text)

    with pytest.raises(SpecError) as raised:
        settings_for(load_project([project]), "local", Settings)

    found = {(d.slug, str(d.at)) for d in raised.value.diagnostics}
    assert found == {
        ("out-of-range", "infractl.yaml:3:34"),
        ("unknown-key", "infractl.yaml:3:41"),
        ("wrong-type", "infractl.yaml:3:66"),
    }
    assert any(d.remedy == "did you mean region?" for d in raised.value.diagnostics)


def test_settings_that_nobody_wrote_have_a_place_too(tmp_path: Path) -> None:
    class Demanding(BaseModel):
        role: str

    (tmp_path / "fraud.yaml").write_text(SERVICE)
    (tmp_path / "model.onnx").write_text("a model")

    with pytest.raises(SpecError, match=r"infractl\.yaml.*missing-key.*targets\.local has no role"):
        settings_for(load_project([tmp_path]), "local", Demanding)


def test_what_a_provider_s_own_check_refuses_is_told_in_its_words(project: Path) -> None:
    class Placed(BaseModel):
        port: int
        zone: str = Field(pattern="^[a-z]$")

        @field_validator("port")
        @classmethod
        def even(cls, port: int) -> int:
            if port % 2:
                raise ValueError("ports of this provider are even")
            return port

    text = "project: shop\ntargets:\n  local: {provider: local, port: 81, zone: Z}\n"
    (project / "infractl.yaml").write_text(text)

    with pytest.raises(SpecError) as raised:
        settings_for(load_project([project]), "local", Placed)

    assert [(d.slug, d.detail) for d in raised.value.diagnostics] == [
        ("wrong-value", "ports of this provider are even"),
        ("wrong-value", "Z does not match ^[a-z]$"),
    ]


def test_warnings_do_not_stop_the_check_and_one_mistake_in_an_environment_counts_once(project: Path) -> None:
    text = SERVICE + "  rollout: {strategy: canary, steps: [100%], rollbackOn: {p95: 9ms}}\n"
    documents = [text.replace("fraud", f"fraud-{i}") for i in range(1100)]
    (project / "fraud.yaml").write_text("---\n".join(documents))
    (project / "environments").mkdir()
    staging = project / "environments" / "staging.yaml"
    staging.write_text(
        "apiVersion: infractl.dev/v1\nkind: Environment\nmetadata: {name: staging}\noverlay: {spec: {servng: {warmup: 1}}}\n"
    )

    with pytest.raises(SpecError) as raised:
        load_project([project], "staging")
    staging.unlink()
    loaded = load_project([project])

    assert [d.slug for d in raised.value.diagnostics if d.severity is Severity.error] == ["unknown-key"]
    assert len(loaded.services) == 1100
    assert {d.slug for d in loaded.diagnostics} == {"rollback-within-slo"}


def test_a_link_to_the_project_is_the_whole_project(project: Path) -> None:
    (project / "fraud.yaml").unlink()
    link = project.parent / "link"
    link.symlink_to(project)

    assert [d.severity for d in load_project([link]).diagnostics] == [Severity.warning]
