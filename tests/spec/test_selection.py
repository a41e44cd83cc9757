"""Which services of a project are loaded: by name, by label and by what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from infractl.errors import SpecError, UsageError
from infractl.spec.changes import Changes
from infractl.spec.load import LoadedProject, load_project
from infractl.spec.selection import Selection, label_tests

SERVICE = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {{name: {name}, labels: {labels}}}
spec: {{model: {{uri: {uri}, version: "1"}}}}
"""


def document(name: str, labels: str = "{}", uri: str = "model.onnx") -> str:
    return SERVICE.format(name=name, labels=labels, uri=uri)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three services: two of the team risk, one of them a test, and one without labels."""
    (tmp_path / "infractl.yaml").write_text("project: shop\n")
    (tmp_path / "model.onnx").write_text("a model")
    (tmp_path / "other.onnx").write_text("another")
    (tmp_path / "fraud.yaml").write_text(document("fraud", "{team: risk}"))
    (tmp_path / "trial.yaml").write_text(document("trial", "{team: risk, tier: test}", "other.onnx"))
    (tmp_path / "search.yaml").write_text(document("search"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(loaded: LoadedProject) -> list[str]:
    return [service.name for service in loaded.services]


def labelled(*selectors: str) -> list[str]:
    return names(load_project([Path()], selection=Selection(labels=label_tests(selectors))))


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (["team=risk"], ["fraud", "trial"]),
        (["team==risk,tier!=test"], ["fraud"]),
        (["team=risk", "tier"], ["trial"]),
        (["!team"], ["search"]),
        (["team!=risk"], ["search"]),
    ],
)
def test_labels_choose_services_as_in_kubernetes(project: Path, selectors: Sequence[str], expected: list[str]) -> None:
    assert labelled(*selectors) == expected


@pytest.mark.parametrize(
    "selector", ["", "team=", "=risk", "Team=risk", "team=ri sk", "!team=risk", "team=risk,", "a=b=c", "in (a"]
)
def test_a_selector_that_cannot_be_read_says_how_one_is_written(selector: str) -> None:
    if selector == "team=":
        assert label_tests([selector])[0].value == ""  # a label may be empty
        return
    with pytest.raises(UsageError, match="bad-selector") as raised:
        label_tests([selector])

    assert "team=risk,tier!=test" in raised.value.diagnostics[0].remedy


@pytest.mark.parametrize(
    ("selector", "remedy"),
    [
        ("tema=risk", "did you mean team?"),
        ("team=rsik", "did you mean team=risk?"),
        ("team=search", "team is one of: risk"),
        ("zone", "use a label that services have: team, tier"),
        ("tier=test,!team", "leave a term out: no service fits all of them"),
    ],
)
def test_labels_that_no_service_has_are_taken_for_a_slip(project: Path, selector: str, remedy: str) -> None:
    with pytest.raises(SpecError) as raised:
        labelled(selector)

    (problem,) = raised.value.diagnostics
    assert (problem.slug, problem.remedy) == ("label-unmatched", remedy)


def test_names_and_labels_narrow_each_other(project: Path) -> None:
    selection = Selection(names=("fraud", "search"), labels=label_tests(["team=risk"]))

    loaded = load_project([Path()], selection=selection)

    assert names(loaded) == ["fraud"]
    assert loaded.names == {"fraud", "trial", "search"}


def test_a_service_that_was_not_asked_for_may_be_broken(project: Path) -> None:
    (project / "search.yaml").write_text(document("search", uri="gone.onnx"))

    assert names(load_project([Path()], selection=Selection(names=("fraud",)))) == ["fraud"]
    with pytest.raises(SpecError):
        load_project([Path()])


def test_labels_are_those_that_the_environment_gives(project: Path) -> None:
    (project / "environments").mkdir()
    (project / "environments" / "staging.yaml").write_text(
        "apiVersion: infractl.dev/v1\nkind: Environment\nmetadata: {name: staging}\n"
        "services: {search: {metadata: {labels: {team: risk}}}}\n"
    )
    selection = Selection(labels=label_tests(["team=risk"]))

    assert names(load_project([Path()], "staging", selection)) == ["fraud", "search", "trial"]


def changed(project: Path, *files: str, **before: str) -> Selection:
    paths = frozenset(project / file for file in files)
    texts = {project / f"{name}.yaml": text.encode() for name, text in before.items()}
    return Selection(changes=Changes(ref="main", paths=paths, before=texts))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["fraud.yaml"], ["fraud"]),
        (["other.onnx"], ["trial"]),
        (["other.onnx.data"], ["trial"]),
        (["README.md"], []),
        (["infractl.yaml"], ["fraud", "search", "trial"]),
        (["prices.lock.yaml"], []),
        (["environments/default.yaml"], ["fraud", "search", "trial"]),
        (["environments/staging.yaml"], []),
    ],
)
def test_a_changed_file_chooses_the_services_that_read_it(project: Path, files: list[str], expected: list[str]) -> None:
    assert names(load_project([Path()], selection=changed(project, *files))) == expected


def test_a_lock_of_prices_that_was_another_one_chooses_all(project: Path) -> None:
    selection = changed(project, "prices.lock.yaml", **{"prices.lock": "rates: []"})

    assert names(load_project([Path()], selection=selection)) == ["fraud", "search", "trial"]


def test_of_a_file_with_many_services_those_are_chosen_whose_document_changed(project: Path) -> None:
    stream = "---\n".join(document(f"s{i}") for i in range(500))
    (project / "stream.yaml").write_text(
        stream.replace("name: s77,", "name: s77, description: new,").replace("name: s9", "name:   s9")
    )

    loaded = load_project([Path()], selection=changed(project, "stream.yaml", stream=stream))

    assert names(loaded) == ["s77"]


def test_a_service_whose_document_was_deleted_is_meant_as_one_to_remove(project: Path) -> None:
    before = changed(project, "old.yaml", "fraud.yaml", old=document("old"), fraud=document("fraud"))

    selection = load_project([Path()], selection=before).selection

    assert selection.takes_removed("old")
    assert not selection.takes_removed("another")


def test_a_document_whose_keys_are_of_several_sorts_is_told_by_its_mistake(project: Path) -> None:
    broken = document("fraud") + "1: one\n"
    (project / "fraud.yaml").write_text(broken)

    with pytest.raises(SpecError) as raised:
        load_project([Path()], selection=changed(project, "fraud.yaml", fraud=broken.replace("one", "two")))

    assert [str(d.at) for d in raised.value.diagnostics] == ["fraud.yaml:5:1"]


def test_a_service_that_moved_to_another_file_is_not_removed(project: Path) -> None:
    before = changed(project, "old.yaml", old=document("fraud"))

    selection = load_project([Path()], selection=before).selection

    assert not selection.takes_removed("fraud")


def test_labels_never_choose_what_is_declared_no_more() -> None:
    by_label = Selection(labels=label_tests(["team!=risk"]))

    assert not by_label.takes_removed("old")
    assert not replace(by_label, names=("old",)).takes_removed("old")
    assert Selection(names=("old",)).takes_removed("old")
