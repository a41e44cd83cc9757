"""A document on disk is trusted whole or not at all, and each way of being damaged has its own name and a way back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from infractl.errors import StateError
from infractl.state.codec import canonical, digest
from infractl.state.document import Document, Flaw, pack, unpack


def written(store, key, state, versions: int = 1) -> None:
    lease = store.lock(key, "infractl apply")
    for serial in range(1, versions + 1):
        store.write(key, state(serial), expected_serial=serial - 1, epoch=lease.epoch)
    lease.release()


def refusal(store, key) -> StateError:
    with pytest.raises(StateError) as caught:
        store.read(key)
    return caught.value


def edited(data: bytes, **change: object) -> bytes:
    return json.dumps({**json.loads(data), **change}).encode()


DAMAGES = {
    "state-empty": lambda data: b"",
    "state-torn": lambda data: data[:100],
    "state-foreign": lambda data: b'{"version": 4, "terraform_version": "1.11.4", "serial": 3}',
    "state-newer": lambda data: edited(data, format=2, extra=True),
    "state-edited": lambda data: data.replace(b'"port":8080', b'"port":9090'),
}


@pytest.mark.parametrize("slug", DAMAGES)
def test_a_damaged_document_is_an_error_and_never_no_state(store, key, state, directory: Path, slug: str) -> None:
    written(store, key, state, versions=2)
    path = directory / "state.json"
    path.write_bytes(DAMAGES[slug](path.read_bytes()))

    [problem] = refusal(store, key).diagnostics

    assert problem.slug == slug
    assert problem.at == str(path)
    assert problem.remedy


@pytest.mark.parametrize("slug", ["state-empty", "state-torn", "state-foreign", "state-edited"])
def test_the_remedy_names_a_copy_that_brings_the_state_back(store, key, state, directory: Path, slug: str) -> None:
    written(store, key, state, versions=3)
    path = directory / "state.json"
    path.write_bytes(DAMAGES[slug](path.read_bytes()))

    _, _, command = refusal(store, key).diagnostics[0].remedy.rpartition("cp ")
    shutil.copy(*command.split())

    assert store.read(key) == state(3)


def test_the_remedy_passes_over_versions_that_are_damaged_too(store, key, state, directory: Path) -> None:
    written(store, key, state, versions=3)
    (directory / "state.json").write_bytes(b"")
    (directory / "history" / "3.json").write_bytes(b"{")

    assert f"cp {directory / 'history' / '2.json'} " in refusal(store, key).diagnostics[0].remedy


def test_a_document_of_another_service_is_misplaced(store, key, state, directory: Path) -> None:
    written(store, key, state)
    other = directory.with_name("churn")
    shutil.copytree(directory, other)

    [problem] = refusal(store, type(key)(project="shop", environment="prod", service="churn")).diagnostics

    assert problem.slug == "state-misplaced"
    assert "shop/prod/fraud" in problem.detail


def test_a_missing_document_beside_older_versions_is_an_error_with_a_way_back(store, key, state, directory: Path) -> None:
    written(store, key, state, versions=2)
    (directory / "state.json").unlink()

    [problem] = refusal(store, key).diagnostics

    assert problem.slug == "state-missing"
    assert f"cp {directory / 'history' / '2.json'} {directory / 'state.json'}" in problem.remedy


def test_a_missing_document_beside_a_journal_is_an_error(store, key, state, entry, directory: Path) -> None:
    written(store, key, state)
    lease = store.lock(key, "infractl apply")
    store.append(key, lease.epoch, entry("create-server"))
    (directory / "state.json").unlink()
    shutil.rmtree(directory / "history")

    assert refusal(store, key).diagnostics[0].slug == "state-missing"
    with pytest.raises(StateError, match="state-missing"):
        store.entries(key)


def test_a_damaged_document_is_not_written_over(store, key, state, directory: Path) -> None:
    written(store, key, state)
    (directory / "state.json").write_bytes(b"")
    lease = store.lock(key, "infractl apply")

    with pytest.raises(StateError, match="state-empty"):
        store.write(key, state(1), expected_serial=0, epoch=lease.epoch)
    with pytest.raises(StateError, match="state-empty"):
        store.write(key, state(2), expected_serial=1, epoch=lease.epoch)


def test_whatever_byte_is_changed_the_document_is_refused(key, state) -> None:
    data = pack(state(7), parent="cd" * 32)
    assert isinstance(unpack(data, key), Document)

    for position in range(len(data) - 1):
        changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        assert isinstance(unpack(changed, key), Flaw), position


def test_wherever_the_document_is_cut_it_is_empty_or_torn(key, state) -> None:
    data = pack(state(7), parent=None).rstrip()

    slugs = [found.slug for n in range(len(data)) if isinstance(found := unpack(data[:n], key), Flaw)]

    assert slugs == ["state-empty"] + ["state-torn"] * (len(data) - 1)


def test_zeros_after_a_power_cut_are_an_empty_document(key) -> None:
    assert unpack(b"\0" * 4096, key).slug == "state-empty"


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b'{"kind": "infractl-state"}'])
def test_any_other_file_is_foreign(key, data: bytes) -> None:
    assert unpack(data, key).slug == "state-foreign"


def test_a_body_that_this_version_does_not_know_does_not_fit_and_is_not_edited(key, state) -> None:
    document = json.loads(pack(state(1), parent=None))
    covered = {"body": {**document["body"], "rollout": "canary"}, "parent": None}

    found = unpack(canonical({**document, **covered, "sha256": digest(covered)}), key)

    assert found.slug == "state-misfit"
    assert "rollout" in found.detail
    assert "upgrade" in found.remedy


def test_each_version_names_the_one_before(store, key, state, directory: Path) -> None:
    written(store, key, state, versions=3)

    first, second, third = (json.loads((directory / "history" / f"{n}.json").read_bytes()) for n in (1, 2, 3))

    assert (first["parent"], second["parent"], third["parent"]) == (None, first["sha256"], second["sha256"])


def test_what_a_killed_first_write_left_does_not_hide_a_later_loss(store, key, state, entry, directory: Path) -> None:
    """The marker says that there is no document; a first write that died at its end has not taken it away."""
    written(store, key, state)
    (directory / "absent.json").write_bytes(b"null\n")
    lease = store.lock(key, "infractl apply")
    store.append(key, lease.epoch, entry("create-server"))
    (directory / "state.json").unlink()

    assert refusal(store, key).diagnostics[0].slug == "state-missing"
