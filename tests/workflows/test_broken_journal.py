"""A state that can be written no more while an apply runs: what was done until then is told, and stays protected."""

from __future__ import annotations

from typing import Any

import pytest

from infractl.domain.address import ServiceKey
from infractl.domain.journal import Entry
from infractl.errors import StateError
from infractl.state.local import LocalStateStore

YES = "--auto-approve"
FULL = StateError.of("state-write-failed", summary="the state cannot be written", detail="the disk is full")


def full_after(entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real, written = LocalStateStore.append, []

    def append(self: LocalStateStore, key: ServiceKey, epoch: int, entry: Entry, *, durably: bool = True) -> None:
        written.append(entry)
        if len(written) > entries:
            raise FULL
        real(self, key, epoch, entry, durably=durably)

    monkeypatch.setattr(LocalStateStore, "append", append)


@pytest.mark.parametrize(
    ("entries", "code", "told"),
    [
        (0, 1, "Apply did not complete: 3 not started."),
        (6, 5, "Apply did not complete: 2 done, 1 not started."),
        (7, 5, "Apply did not complete: 2 done, 1 unknown."),
    ],
    ids=["first-intent", "last-intent", "last-operation"],
)
def test_what_was_done_before_the_journal_broke_is_told(
    scene: Any, monkeypatch: pytest.MonkeyPatch, entries: int, code: int, told: str
) -> None:
    scene.write()
    with monkeypatch.context() as broken:
        full_after(entries, broken)
        ended = scene.run("apply", YES, "--parallelism", "1", code=code)

    assert told in ended.stdout
    assert "state-write-failed" in ended.stderr
    scene.apply()
    assert [len(scene.lives(kind)) for kind in ("disk", "config", "endpoint")] == [1, 1, 1]


def test_what_was_done_is_told_where_the_journal_cannot_be_folded(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fold(*_: object, **__: object) -> None:
        raise FULL

    scene.write()
    with monkeypatch.context() as broken:
        broken.setattr(LocalStateStore, "fold", fold)
        ended = scene.run("apply", YES, code=5)

    assert "3 done" in ended.stdout and "state-write-failed" in ended.stderr


def test_a_first_apply_that_broke_off_is_protected_until_one_without_protection_is_tried(
    scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.write(extra="  lifecycle: {protect: true}\n")
    with monkeypatch.context() as broken:
        full_after(5, broken)
        scene.run("apply", YES, code=5)

    assert "service-protected" in scene.run("destroy", YES, code=6).stderr
    scene.write(extra="  lifecycle: {protect: false}\n")
    scene.apply()
    scene.run("destroy", YES)

    assert scene.lives("endpoint") == []


def test_a_part_of_a_protected_service_is_protected(scene: Any) -> None:
    scene.write(extra="  lifecycle: {protect: true}\n")
    address = scene.plan()["changes"][0]["address"]
    target = ".".join(address[part] for part in ("service", "kind", "name"))
    scene.run("apply", "--target", target, YES)

    assert "service-protected" in scene.run("destroy", YES, code=6).stderr
