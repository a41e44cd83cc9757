"""`infractl state`: what is recorded is shown, put back and forgotten; what lives stays as it is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from infractl.clock import SystemClock
from infractl.domain.address import ServiceKey
from infractl.domain.journal import Intent, OpenStep
from infractl.domain.service_state import ServiceState
from infractl.state.document import pack
from infractl.state.local import LocalStateStore
from infractl.testing.sample_state import sample_entry, sample_state

KEY = ServiceKey(project="testing", environment="default", service="scores")
YES = "--auto-approve"


def store(folder: Any) -> LocalStateStore:
    return LocalStateStore(folder.path / ".infractl" / "state", SystemClock())


def recorded(folder: Any) -> ServiceState:
    state = store(folder).read(KEY)
    assert state is not None
    return state


def content(state: ServiceState) -> Any:
    """All but what each write changes."""
    return (state.key, state.lineage, state.target, state.spec_digest, state.deployment, state.resources, state.outputs)


@pytest.fixture
def twice(served: Any) -> Any:
    """Release 1 was applied, then release 2."""
    served.write(uri="two.onnx", version="2")
    served.run("apply", YES)
    return served


def last_of(folder: Any, release: str) -> ServiceState:
    """The newest kept version of a release."""
    versions = [recorded(folder), *store(folder).history(KEY)]
    return next(s for s in versions if s.deployment and s.deployment.stable.version == release)


def test_a_record_is_shown_with_its_objects_and_who_wrote_it(served: Any) -> None:
    text = served.run("state", "show", "scores").stdout

    assert text.startswith("scores: release 1 at shelf\n")
    assert "infractl apply --auto-approve" in text
    assert re.search(rf"scores\.note\.main +shelf +{served.note.stem}\n", text)
    shown = json.loads(served.run("state", "show", "scores", "--json").stdout)
    assert (shown["serial"], shown["lineage"]) == (recorded(served).serial, recorded(served).lineage)


def test_what_nobody_recorded_cannot_be_shown_listed_restored_or_forgotten(served: Any) -> None:
    for words in (("show", "score"), ("history", "score"), ("restore", "score", "--to", "1"), ("rm", "score")):
        assert "service-not-recorded" in served.run("state", *words, code=1).stderr
    assert not (served.path / ".infractl" / "state" / "testing" / "default" / "score").exists()


def test_the_history_has_each_version_with_its_writer_newest_first(twice: Any) -> None:
    listed = json.loads(twice.run("state", "history", "scores", "--json").stdout)
    lines = twice.run("state", "history", "scores").stdout.splitlines()

    assert [s["serial"] for s in listed] == list(range(recorded(twice).serial, 0, -1))
    assert [int(line.split()[0]) for line in lines[1:]] == [s["serial"] for s in listed]
    assert "present" in lines[1] and lines[1].endswith("infractl apply --auto-approve")


def test_a_restored_version_is_recorded_anew_and_nothing_that_lives_is_touched(twice: Any) -> None:
    before, wanted, files = recorded(twice), last_of(twice, "1"), twice.files()

    text = twice.run("state", "restore", "scores", "--to", str(wanted.serial), YES).stdout

    assert f"with the content of {wanted.serial} (release 1)" in text
    assert "~ scores.note.main is recorded differently" in text and '~ properties.version = "2" -> "1"' in text
    assert recorded(twice).serial == before.serial + 1
    assert content(recorded(twice)) == content(wanted)
    assert "state restore scores" in recorded(twice).changed_by
    assert twice.files() == files
    assert "version" in twice.run("drift", code=2).stdout


def test_a_restore_can_itself_be_restored(twice: Any) -> None:
    before = recorded(twice)
    text = twice.run("state", "restore", "scores", "--to", str(last_of(twice, "1").serial), YES).stdout
    (undo,) = re.findall(r"To take this back: infractl (.+)\n", text)

    twice.run(*undo.split(), YES)

    assert content(recorded(twice)) == content(before)
    assert twice.run("plan", "--detailed-exitcode").stdout.startswith("No changes.")


def test_a_restore_needs_a_yes(twice: Any) -> None:
    before = recorded(twice)
    asked = twice.run("state", "restore", "scores", "--to", "1", code=1)

    assert "no-terminal" in asked.stderr and asked.stdout.startswith("scores: version")
    assert "no-terminal" in twice.run("state", "rm", "scores", code=1).stderr
    assert recorded(twice) == before


def test_a_version_that_is_not_kept_is_refused(twice: Any) -> None:
    for serial in (str(recorded(twice).serial), "99"):
        assert "version-not-kept" in twice.run("state", "restore", "scores", "--to", serial, YES, code=1).stderr


def test_a_version_of_another_life_is_refused(twice: Any) -> None:
    before = recorded(twice)
    other = sample_state(1, lineage="beef", key=KEY)
    (twice.path / ".infractl/state/testing/default/scores/history/1.json").write_bytes(pack(other, None))

    assert "restore-lineage" in twice.run("state", "restore", "scores", "--to", "1", YES, code=1).stderr
    assert recorded(twice) == before


def test_a_version_with_an_open_step_is_refused(twice: Any) -> None:
    step = sample_entry("create-server")
    assert isinstance(step, Intent)
    kept = store(twice).history(KEY)[-1]
    opened = replace(kept, open_steps=(OpenStep(intent=step, pending=None),))
    history = twice.path / ".infractl/state/testing/default/scores/history"
    (history / f"{kept.serial}.json").write_bytes(pack(opened, None))

    assert "restore-open" in twice.run("state", "restore", "scores", "--to", str(kept.serial), YES, code=1).stderr


def test_where_a_journal_is_open_nothing_is_restored_or_forgotten(twice: Any) -> None:
    lease = store(twice).lock(KEY, "infractl apply")
    kept = store(twice)
    kept.append(KEY, lease.epoch, sample_entry("create-server"))
    lease.release()

    for words in (("restore", "scores", "--to", "1"), ("rm", "scores"), ("rm", "scores.note.main")):
        refused = twice.run("state", *words, YES, code=1).stderr
        assert "state-open" in refused and "infractl apply" in refused
    assert len(store(twice).entries(KEY)) == 1


def test_what_another_command_holds_is_neither_restored_nor_forgotten(twice: Any) -> None:
    lease = store(twice).lock(KEY, "infractl apply")
    try:
        for words in (("restore", "scores", "--to", "1"), ("rm", "scores")):
            assert "lock-held" in twice.run("state", *words, YES, code=3).stderr
    finally:
        lease.release()


def test_a_damaged_record_is_told_with_the_versions_that_are_kept(twice: Any) -> None:
    (twice.path / ".infractl/state/testing/default/scores/state.json").write_text("")

    done = twice.run("state", "history", "scores", code=1)

    assert "state-empty" in done.stderr and "put the newest good version back" in done.stderr
    assert len(done.stdout.splitlines()) > 2
    assert "state-empty" in twice.run("state", "restore", "scores", "--to", "1", YES, code=1).stderr


def test_a_forgotten_object_lives_on_and_the_next_apply_adopts_it(served: Any) -> None:
    files, before = served.files(), recorded(served)

    text = served.run("state", "rm", "scores.note.main", YES).stdout

    assert f"x scores.note.main is forgotten ({served.note.stem} at shelf)" in text
    assert [r.address.kind for r in recorded(served).resources] == ["model"]
    assert served.files() == files
    assert "the next apply adopts it: the service needs it" in served.run("drift", code=2).stdout
    served.run("apply", YES)
    assert recorded(served).resources == before.resources
    assert served.files() == files


def test_a_forgotten_object_is_taken_back_by_a_restore(served: Any) -> None:
    before = recorded(served)
    text = served.run("state", "rm", "scores.note.main", YES).stdout
    (undo,) = re.findall(r"To take this back: infractl (.+)\n", text)

    assert "+ scores.note.main is recorded again" in served.run(*undo.split(), YES).stdout

    assert content(recorded(served)) == content(before)
    assert served.run("drift").stdout.startswith("No drift.")


def test_a_forgotten_service_lives_on_and_no_command_touches_it(served: Any) -> None:
    files = served.files()

    text = served.run("state", "rm", "scores", YES).stdout

    assert "-> no document" in text and "What lives stays and is nobody's" in text
    assert served.run("state", "list").stdout == ""
    (served.path / "scores.yaml").unlink()
    served.run("apply", YES)
    served.run("destroy", YES)
    assert served.files() == files


def test_a_forgotten_service_is_taken_back_with_its_history_and_its_lineage(twice: Any) -> None:
    before, versions = recorded(twice), list(store(twice).history(KEY))
    (undo,) = re.findall(r"To take this back: infractl (.+)\n", twice.run("state", "rm", "scores", YES).stdout)
    assert len(twice.run("state", "history", "scores").stdout.splitlines()) == 1 + before.serial

    assert "no document -> version" in twice.run(*undo.split(), YES).stdout

    assert content(recorded(twice)) == content(before)
    assert recorded(twice).serial == before.serial + 1
    assert list(store(twice).history(KEY)) == [before, *versions]
    assert twice.run("plan", "--detailed-exitcode").stdout.startswith("No changes.")


def test_a_forgotten_service_of_which_nothing_lives_begins_a_new_life(served: Any) -> None:
    before = recorded(served)
    served.run("state", "rm", "scores", YES)
    for name in served.files():
        (served.note.parent / name).unlink()

    served.run("apply", YES)

    assert recorded(served).lineage != before.lineage
    assert recorded(served).resources[0].ref != before.resources[0].ref
    assert "version-not-kept" in served.run("state", "restore", "scores", "--to", "99", YES, code=1).stderr


def test_an_address_that_is_not_recorded_or_not_whole_forgets_nothing(served: Any) -> None:
    before = recorded(served)
    for name in ("scores.note.mian", "scores.note", "scores."):
        refused = served.run("state", "rm", name, YES, code=1).stderr
        assert "address-not-recorded" in refused and "scores.note.main" in refused
    assert recorded(served) == before


def test_a_plan_that_was_saved_before_is_stale_after_a_restore_and_after_a_forgotten_record(twice: Any) -> None:
    twice.write(uri="one.onnx", version="3")
    for words in (("rm", "scores.note.main"), ("restore", "scores", "--to", "1")):
        twice.run("plan", "--out", "plan.json")
        twice.run("state", *words, YES)
        assert "plan-stale" in twice.run("apply", "plan.json", code=4).stderr


def test_a_preview_says_that_a_protection_goes(served: Any) -> None:
    serial = recorded(served).serial
    served.write(extra="  lifecycle: {protect: true}\n")
    served.run("apply", YES)

    assert "~ protected: true -> false" in served.run("state", "restore", "scores", "--to", str(serial), YES).stdout


def test_a_record_of_a_provider_that_is_garbage_is_named_with_what_mends_it(served: Any) -> None:
    served.note.write_text("{}")

    told = served.run("plan", code=1).stderr

    assert str(served.note) in told and "remove it, and apply makes it anew" in told
    served.note.unlink()
    served.run("apply", YES)
