"""`infractl schema`: whole schemas for editors and programs, and the documentation of single fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infractl.cli.main import main
from infractl.cli.schema import WRITTEN_BY_USERS, Document, fields_from, root_of
from infractl.spec.schema.entry import entries_within, look_up

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as end:
            main(["schema", *words])
        out, err = capsys.readouterr()
        assert end.value.code == code, err
        assert (not out) if code else (not err)
        return err if code else out

    return run


@pytest.mark.parametrize("document", Document)
def test_the_schema_of_each_document_is_the_one_in_the_repository(document: Document, run: Any) -> None:
    assert run("--of", document) == (SCHEMAS / f"{document}.schema.json").read_text(encoding="utf-8")


def test_the_schemas_in_the_repository_can_all_be_printed() -> None:
    assert {path.name.partition(".")[0] for path in SCHEMAS.glob("*.json")} == set(Document)


def test_without_words_it_is_the_schema_of_services(run: Any) -> None:
    assert json.loads(run())["title"] == "infractl service"


def test_a_field_is_explained_with_all_that_is_declared_of_it(run: Any) -> None:
    assert run("spec.serving.batching") == (
        "service spec.serving.batching\n"
        "  `auto` derives the batch cap from the SLO; `off` serves one item a call; or set it.\n"
        "\n"
        "  type      auto, off or a mapping\n"
        "  required  no\n"
        "  default   auto\n"
        "  example   batching: {maxBatch: 32, maxDelay: 500us}\n"
        "  acted on  yes\n"
        "\n"
        "  maxBatch  The most items joined into one call of the model. (required)\n"
        "  maxDelay  How long an idle session may wait for more items.\n"
    )


@pytest.mark.parametrize(
    ("field", "lines"),
    [
        ("spec.slo.latency.p95", ["unit      ns, us, ms, s, m, h, d", "example   p95: 10ms", "acted on  yes"]),
        ("spec.hardware.classes", ["words     cpu, gpu, tpu, neuron, serverless, edge", "default   [cpu, gpu, "]),
        ("spec.model.uri", ["required  yes", "example   uri: ./models/fraud.onnx"]),
        ("spec.rollout.bake", ["default   2m", "acted on  not yet: "]),
        ("spec.slo", ["`plan` refuses what no placement can meet", "availability     The share"]),
        ("project.targets", ["default   {local: {provider: local}}", "Other keys are the provider's own"]),
    ],
)
def test_what_is_said_of_a_field(field: str, lines: list[str], run: Any) -> None:
    said = run(field)

    assert [line for line in lines if line not in said] == []


@pytest.mark.parametrize(
    ("words", "heading"),
    [
        (["spec.monitoring.alerts.when.p99"], "service spec.monitoring.alerts[].when.p99"),
        (["spec.monitoring.alerts[0].when.p99"], "service spec.monitoring.alerts[].when.p99"),
        (["spec.monitoring.alerts.0.when"], "service spec.monitoring.alerts[].when"),
        (["spec.models.small.uri"], "service spec.models.<name>.uri"),
        (["spec.models.uri"], "service spec.models.<name>.uri"),
        (["project.targets.local.price"], "project targets.<name>.price"),
        (["--of", "project", "targets.price"], "project targets.<name>.price"),
        (["--of", "project", "project"], "project project"),
        (["project"], "project"),
        (["environment.overlay"], "environment overlay"),
    ],
)
def test_lists_and_free_keys_may_be_skipped_or_written(words: list[str], heading: str, run: Any) -> None:
    assert run(*words).splitlines()[0] == heading


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["spec.slo.latncy"], "did you mean spec.slo.latency?"),
        (["latency.p95"], "did you mean spec.slo.latency.p95?"),
        (["targets.price"], "did you mean project.targets.price?"),
        (
            ["--of", "project", "targts.price"],
            "did you mean project.targets.price? infractl schema project.targets.price explains it, without --of",
        ),
        (["--of", "project", "spec.slo"], "did you mean spec.slo? infractl schema spec.slo explains it, without --of"),
        (["spec.slo.latency.p95.more"], "did you mean spec.slo.latency.p95?"),
        (["qqqq"], "infractl schema service lists what there is"),
        (["..."], "infractl schema service lists what there is"),
    ],
)
def test_a_field_that_is_not_there_is_an_error_with_a_remedy(words: list[str], remedy: str, run: Any) -> None:
    said = run(*words, code=1)

    assert "error[unknown-field]" in said
    assert f"= {remedy}\n" in said


def test_the_fields_of_what_infractl_writes_are_in_its_schema_alone(run: Any) -> None:
    assert "infractl schema --of plan" in run("--of", "plan", "digest", code=1)


@pytest.mark.parametrize("document", WRITTEN_BY_USERS)
def test_every_field_is_found_by_its_path_in_either_spelling(document: Document, run: Any) -> None:
    root = root_of(document)
    entries = list(entries_within(root))

    assert len(entries) > 5
    for entry in entries:
        for path in (entry.path, ".".join(entry.keys)):
            found = look_up(root, path)
            assert found and found.path == entry.path and found.field.text == entry.field.text
        assert entry.path in run("--of", document, entry.path)


def test_a_shell_is_offered_two_levels_so_that_typing_can_go_on() -> None:
    offered = fields_from("spec.slo.l")

    assert offered == ["spec.slo.latency", "spec.slo.latency.p50", "spec.slo.latency.p95", "spec.slo.latency.p99"]
    assert "project.targets" in fields_from("pro")
    assert fields_from("nothing.of.this") == []


def test_a_provider_s_setting_is_explained_below_its_name(run: Any) -> None:
    text = run("project.targets.local.ports")

    assert text.startswith("project targets.local.ports\n  Fixed ports, by service name")
    assert "mapping, each a whole number from 1024 to 65535" in text


@pytest.mark.parametrize("field", ["project.targets.local.prots", "project.targets.far.ports"])
def test_a_setting_that_there_is_not_leads_to_those_that_there_are(field: str, run: Any) -> None:
    assert "infractl schema project.targets.cloud-run|kubernetes|lambda|local|sagemaker|vertex.KEY" in run(field, code=1)
