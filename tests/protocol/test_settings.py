"""What versions write for each other: members that are not known are passed over, what is no document is refused."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.domain.release import ServingConfig
from infractl.protocol.settings import (
    ReleaseSettings,
    ReleaseStatus,
    ServerRecord,
    ServerSettings,
    ServerStatus,
    dumps,
    read_record,
    read_release,
    read_settings,
    read_status,
)

RELEASE = ReleaseSettings(
    id="a",
    version="1",
    path="/m.onnx",
    digest="d",
    engine="onnxruntime",
    max_batch=1,
    max_delay_s=0.0,
    instances=1,
    threads=1,
    max_concurrency=1,
    warmup=0,
    reject_non_finite=True,
    options={"hint": "bf16"},
)
STATUS = ServerStatus(pid=1, active="a", releases=(ReleaseStatus(settings=RELEASE, phase="ready", in_flight=2),))
RECORD = ServerRecord(service="fraud", pid=1, started=2.5, host="127.0.0.1", port=80, labels={"team": "risk"}, grace_s=1.0)
SETTINGS = ServerSettings(service="fraud", host="127.0.0.1", port=0, directory="/d", labels={}, until_stdin_ends=True)

DOCUMENTS = [(read_status, STATUS), (read_record, RECORD), (read_settings, SETTINGS), (read_release, RELEASE)]
READERS = [reader for reader, _ in DOCUMENTS]


def with_news(value: Any) -> Any:
    """As a later version may write it: every object has a member more, but those whose members are an engine's own."""
    match value:
        case dict():
            return {"news": [1], **{name: each if name == "options" else with_news(each) for name, each in value.items()}}
        case list() | tuple():
            return [with_news(each) for each in value]
        case _:
            return value


@pytest.mark.parametrize(("read", "value"), DOCUMENTS)
def test_what_is_written_is_read_as_it_was(read: Any, value: Any) -> None:
    assert read(dumps(value)) == value


@pytest.mark.parametrize(("read", "value"), DOCUMENTS)
def test_what_a_later_version_adds_is_passed_over(read: Any, value: Any) -> None:
    later = {name: with_news(each) if name == "releases" else each for name, each in asdict(value).items()}

    assert read(json.dumps({"news": 1, **later}).encode()) == value


def test_settings_of_an_earlier_version_stop_for_signals_alone() -> None:
    earlier = {name: each for name, each in asdict(SETTINGS).items() if name != "until_stdin_ends"}

    assert read_settings(json.dumps(earlier).encode()) == replace(SETTINGS, until_stdin_ends=False)


def test_a_release_of_an_earlier_version_has_no_options() -> None:
    earlier = {name: each for name, each in asdict(RELEASE).items() if name != "options"}

    assert read_release(json.dumps(earlier).encode()) == replace(RELEASE, options={})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["pid", "active", "releases", "x"]), inner),
    max_leaves=8,
)


@given(document=json_values, read=st.sampled_from(READERS))
def test_anything_else_is_refused_in_one_way(document: Any, read: Any) -> None:
    try:
        read(json.dumps(document).encode())
    except ValueError:
        return
    # Three members make a status; releases must then be empty.
    assert read is read_status and document["releases"] == []


def test_a_release_is_served_with_every_number_of_a_serving_config() -> None:
    own = {"id", "version", "path", "digest", "engine", "options"}

    assert {f.name for f in fields(ReleaseSettings)} == own | {f.name for f in fields(ServingConfig)}
