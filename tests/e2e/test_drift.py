"""`infractl drift`: what was changed behind infractl's back is found, and what it says of the next apply comes true."""

from __future__ import annotations

import json
from typing import Any


def drift_of(folder: Any, code: int) -> dict[str, Any]:
    (service,) = json.loads(folder.run("drift", "--json", code=code).stdout)
    assert service["drifted"] is (code == 2)
    return dict(service)


def test_nothing_drifts_after_an_apply(served: Any) -> None:
    assert served.run("drift").stdout == "No drift. 1 service with 2 resources as recorded.\n"
    assert drift_of(served, code=0)["objects"] == []


def test_a_changed_attribute_is_shown_with_both_values_and_is_reverted_by_the_next_apply(served: Any) -> None:
    served.edit(served.note, properties={"version": "7", "by": "hand"})

    text = served.run("drift", code=2).stdout
    assert "scores.note.main was changed outside infractl" in text
    assert '~ version = "1" was applied, now "7"\n      the next apply reverts it: to what was applied, in place' in text
    assert '+ by = "hand", which was not applied' in text
    (changed,) = drift_of(served, code=2)["objects"]
    assert [(a["path"], a["recorded"], a["live"], a["next_apply"]) for a in changed["attributes"]] == [
        ("by", None, "hand", "reverts"),
        ("version", "1", "7", "reverts"),
    ]

    served.run("apply", "--auto-approve")
    assert served.noted()["version"] == "1"
    assert served.run("drift").stdout.startswith("No drift.")


def test_what_cannot_be_changed_in_place_is_made_anew(served: Any) -> None:
    served.edit(served.model, properties={"content": {"$blob": "0" * 64}})

    text = served.run("drift", code=2).stdout

    assert "the next apply reverts it: it cannot be changed in place, so that the object is made anew" in text
    assert "must be replaced" in served.run("plan").stdout


def test_what_the_provider_leaves_to_others_is_shown_and_is_no_drift(leaving: Any) -> None:
    config = leaving.noted()["config"]
    leaving.edit(leaving.note, properties={"config": {**config, "max_batch": 777}})

    text = leaving.run("drift", code=0).stdout

    assert "scores.note.main differs, and did not drift" in text
    assert "config.max_batch" in text and "now 777\n      the next apply keeps it: the provider leaves it to others" in text
    leaving.run("apply", "--auto-approve")
    assert leaving.noted()["config"]["max_batch"] == 777


def test_what_is_gone_is_made_again(served: Any) -> None:
    served.note.unlink()

    assert "scores.note.main is gone" in served.run("drift", code=2).stdout
    (gone,) = drift_of(served, code=2)["objects"]
    assert (gone["sort"], gone["next_apply"]) == ("gone", "makes")
    served.run("apply", "--auto-approve")
    assert served.note.exists()


def test_what_another_owner_took_is_named(served: Any) -> None:
    served.edit(served.note, labels={"infractl-lineage": "somebody-else"})

    text = served.run("drift", code=2).stdout

    assert f"scores.note.main is another owner's now ({served.note.stem} at shelf)" in text


def test_what_carries_the_labels_and_is_not_recorded_is_named(served: Any) -> None:
    content = json.loads(served.note.read_text())
    content["labels"]["infractl-name"] = "spare"
    (served.path / "served" / "note-spare.json").write_text(json.dumps(content))

    text = served.run("drift", code=2).stdout

    assert "scores.note.spare is not recorded, and carries this service's labels (note-spare at shelf)" in text
    assert "the next apply keeps it: nothing needs it; infractl destroy --target " in text
    assert "No changes." in served.run("apply", "--auto-approve").stdout
    served.run("destroy", "--auto-approve")
    assert list((served.path / "served").iterdir()) == []


def test_no_model_is_read(served: Any) -> None:
    (served.path / "one.onnx").write_text("this is no model")

    assert served.run("drift").stdout.startswith("No drift.")


def test_a_declaration_that_was_changed_since_is_noted_and_is_no_drift(served: Any) -> None:
    served.write(uri="two.onnx", version="2")

    text = served.run("drift").stdout

    assert "declared differently from what was applied" in text and "No drift." in text


def test_a_service_that_others_do_not_name_is_not_compared(served: Any) -> None:
    served.write("other")
    served.note.unlink()

    assert "Nothing of this is recorded." in served.run("drift", "other.yaml").stdout
    served.run("drift", "scores.yaml", code=2)


def test_what_was_changed_by_hand_is_accepted_by_declaring_it(served: Any) -> None:
    served.edit(served.note, properties={"version": "7"})
    served.write(version="7")

    assert "it is as declared already, and is recorded otherwise" in served.run("apply", "--auto-approve").stdout

    assert served.run("drift").stdout.startswith("No drift.")
    assert "No changes." in served.run("plan", "--detailed-exitcode").stdout
