"""A secret that stands in a file is shown nowhere, in whatever wrong form and place it stands."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.errors import Diagnostic, SpecError
from infractl.report.diagnostic import as_json, render
from infractl.report.diagnostic_sarif import as_sarif
from infractl.spec.load import load_in_every_environment, load_project
from infractl.spec.schema.entry import entries_within
from infractl.spec.schema.shape import OneOf, SectionOf
from infractl.spec.section.secret import SecretSource
from infractl.spec.service import InferenceService

CANARY = "sk-live-51hT9xQpR7"
MODEL = {"uri": "s3://acme/fraud.onnx", "version": "1"}
IMAGE = {"uri": "oci://registry.example.com/fraud:1", "version": "1", "format": "container"}

CANARIES = st.sampled_from(
    [CANARY, f"{CANARY} x", f"http://{CANARY}", f"{CANARY}\nsecond line", f"a: {CANARY}", f"{CANARY}: b", f"#{CANARY}"]
)


def holds_the_canary(value: object) -> bool:
    return CANARY in json.dumps(value)


WRONG = st.recursive(
    CANARIES,
    lambda inner: (
        st.lists(inner | st.sampled_from([1, None, True, "x"]), min_size=1, max_size=3).filter(holds_the_canary)
        | st.dictionaries(
            st.sampled_from(["value", "key", "values", "env", "file", "secret", "from", "name", CANARY, "a b"]),
            inner | st.sampled_from([1, None, "X"]),
            min_size=1,
            max_size=3,
        ).filter(holds_the_canary)
    ),
    max_leaves=5,
)
"""Whatever may be written where it must be said where a secret is kept, with the secret in it."""


def says_where(value: object) -> bool:
    """Whether it says where a secret is kept, in a place of the canary's name: that may be shown."""
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        return False
    return value.keys() == {"file"} or {"secret"} <= value.keys() <= {"secret", "key", "version"}


PLACES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "serving.auth.apiKeys": lambda wrong: {"model": MODEL, "serving": {"auth": {"apiKeys": wrong}, "warmup": -1}},
    "serving.cache.address": lambda wrong: {
        "model": MODEL,
        "serving": {"cache": {"backend": "redis", "ttl": "soon", "address": wrong}},
    },
    "async.webhook": lambda wrong: {
        "model": MODEL,
        "mode": "async",
        "async": {"output": "s3://acme/out/", "webhook": wrong, "retention": "soon"},
    },
    "monitoring.alerts.webhook": lambda wrong: {
        "model": MODEL,
        "monitoring": {"alerts": [{"name": "slow", "when": {"p99": "soon"}, "webhook": wrong}]},
    },
    "model.container.env": lambda wrong: {
        "model": {**IMAGE, "container": {"env": {"LEVEL": "info", "DB_PASSWORD": wrong}, "ports": {"http": 0}}}
    },
    "models.container.env": lambda wrong: {"models": {"one": {**IMAGE, "container": {"env": {"API_TOKEN": wrong}, "more": 1}}}},
}
"""A service with something wrong at every place that names a secret, and something else wrong beside it."""

MISPLACED: dict[str, Callable[[Any], dict[str, Any]]] = {
    "a list of variables": lambda wrong: {
        "model": {**IMAGE, "container": {"env": [{"name": "DB_PASSWORD", "value": wrong}, {"name": "A", "value": "b"}]}}
    },
    "the key of another section": lambda wrong: {"model": MODEL, "apiKeys": wrong, "slo": {"latency": "soon"}},
    "a word of other tools": lambda wrong: {"model": MODEL, "serving": {"apiKey": wrong, "timeout": "soon"}},
    "auth itself": lambda wrong: {"model": MODEL, "serving": {"auth": wrong, "timeout": "soon"}},
    "inside of auth": lambda wrong: {"model": MODEL, "serving": {"auth": {"keys": wrong}, "timeout": "soon"}},
    "a password": lambda wrong: {"model": {**MODEL, "password": wrong}, "serving": {"timeout": "soon"}},
}


def service(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "infractl.dev/v1", "kind": "InferenceService", "metadata": {"name": "fraud"}, "spec": spec}


def problems_in(directory: Path, **files: object) -> Sequence[Diagnostic]:
    """What is told of a project in every environment; each file is a value, or a text as it is."""
    for name, content in files.items():
        path = directory / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.with_suffix(".yaml").write_text(content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True))
    try:
        return load_in_every_environment([directory]).diagnostics
    except SpecError as error:
        return error.diagnostics


def shown(problems: Sequence[Diagnostic]) -> str:
    return "\n".join([render(problems), json.dumps(as_json(problems)), json.dumps(as_sarif(problems, "1"))])


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_every_field_that_names_a_secret_is_among_the_places() -> None:
    fields = {
        ".".join(entry.keys[1:])
        for entry in entries_within(InferenceService)
        for shape in (entry.field.shape, *getattr(entry.field.shape, "choices", ()), getattr(entry.field.shape, "value", None))
        for choice in (shape.choices if isinstance(shape, OneOf) else (shape,))
        if isinstance(choice, SectionOf) and choice.section is SecretSource
    }

    assert fields == PLACES.keys()


@pytest.mark.parametrize("place", [*PLACES, *MISPLACED])
@pytest.mark.parametrize("flow", [None, True, False], ids=["mixed", "flow", "block"])
@settings(max_examples=25, deadline=None)
@given(wrong=WRONG, width=st.sampled_from([20, 80, 10_000]))
def test_a_secret_in_the_place_of_its_source_is_shown_nowhere(place: str, flow: bool | None, wrong: object, width: int) -> None:
    if says_where(wrong):
        return
    text = yaml.safe_dump(service({**PLACES, **MISPLACED}[place](wrong)), default_flow_style=flow, width=width, sort_keys=False)

    with tempfile.TemporaryDirectory() as name:
        problems = problems_in(Path(name), fraud=text)

    assert problems
    assert CANARY not in shown(problems), text


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=15, deadline=None)
@given(wrong=WRONG.filter(lambda w: isinstance(w, str)), flow=st.booleans())
def test_a_secret_that_an_environment_gives_is_shown_nowhere(place: str, wrong: object, flow: bool) -> None:
    environment = {
        "apiVersion": "infractl.dev/v1",
        "kind": "Environment",
        "metadata": {"name": "staging"},
        "values": {"few": 1, "thing": wrong, "wrong one": [1]},
    }
    text = yaml.safe_dump(environment, default_flow_style=flow, width=10_000)
    project = yaml.safe_dump({"project": "shop", "values": {"few": 2, "thing": wrong, "more": [1]}}, default_flow_style=flow)

    with tempfile.TemporaryDirectory() as name:
        files = {"infractl": project, "environments__staging": text, "fraud": service(PLACES[place]("${thing}"))}
        problems = problems_in(Path(name), **files)

    assert problems
    assert CANARY not in shown(problems), text


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=15, deadline=None)
@given(wrong=WRONG, flow=st.sampled_from([None, True, False]))
def test_a_secret_in_a_patch_is_shown_nowhere(place: str, wrong: object, flow: bool | None) -> None:
    if says_where(wrong):
        return
    environment = {
        "apiVersion": "infractl.dev/v1",
        "kind": "Environment",
        "metadata": {"name": "staging"},
        "overlay": {"spec": PLACES[place](wrong)},
    }
    text = yaml.safe_dump(environment, default_flow_style=flow, width=10_000, sort_keys=False)

    with tempfile.TemporaryDirectory() as name:
        problems = problems_in(
            Path(name), environments__staging=text, fraud=service({"model": MODEL}), infractl={"project": "shop"}
        )

    assert problems
    assert CANARY not in shown(problems), text


@pytest.mark.parametrize(
    "lines",
    [
        f"serving: {{auth: {{apiKeys: {{env: {CANARY}\n",
        f"serving:\n    auth:\n      apiKeys: [{CANARY}\n",
        f"serving:\n    auth:\n      apiKeys:\n      - {CANARY}: [\n",
        f"serving:\n    auth:\n      apiKeys:\n        - {CANARY}\n       - b\n",
        f"serving:\n    auth:\n      apiKeys: !secret {CANARY}\n",
        f"serving:\n    auth:\n      apiKeys: !{CANARY}\n",
        f"serving:\n    auth:\n      apiKeys: *{CANARY}\n",
        f"serving:\n    auth:\n      apiKeys: {CANARY}\n      apiKeys: {CANARY}\n",
        f'serving:\n    auth: {{apiKeys: "{CANARY}\n',
        f"serving:\n    auth:\n      apiKeys: {CANARY}: x\n",
        f"serving:\n    auth:\n      apiKeys: |\n        {CANARY}\n        more\n    warmup: {{\n",
        f"serving:\n    cache: redis://user:{CANARY}@host:1\n",
        f"slo: {{latency: 'postgres://u:{CANARY}@db/x'}}\n",
        f"model: {{uri: 'https://u:{CANARY}@models/x.onnx', version: '1'}}\n",
    ],
)
def test_a_secret_in_a_file_that_is_no_yaml_or_elsewhere_in_a_uri_is_shown_nowhere(lines: str, directory: Path) -> None:
    head = "apiVersion: infractl.dev/v1\nkind: InferenceService\nmetadata: {name: fraud}\nspec:\n  "

    problems = problems_in(directory, fraud=head + lines)

    assert problems
    assert CANARY not in shown(problems)


def test_what_says_where_a_secret_is_kept_is_shown(directory: Path) -> None:
    text = yaml.safe_dump(service({"model": MODEL, "serving": {"auth": {"apiKeys": {"env": "FRAUD_KEYS"}}, "warmup": -1}}))
    flow = text.replace("warmup: -1", "").replace("apiKeys:\n        env: FRAUD_KEYS", "{apiKeys: {env: FRAUD_KEYS}, more: 1}")

    problems = problems_in(directory, fraud=flow)

    assert "{apiKeys: {env: FRAUD_KEYS}, more:\n" in render(problems)


def test_the_plan_s_list_of_what_an_environment_gives_shows_no_secret(directory: Path) -> None:
    (directory / "environments").mkdir()
    (directory / "environments" / "staging.yaml").write_text(
        "apiVersion: infractl.dev/v1\nkind: Environment\nmetadata: {name: staging}\n"
        f"overlay: {{spec: {{model: {{container: {{env: {{DB_PASSWORD: {CANARY}}}}}}}}}}}\n"
    )
    (directory / "infractl.yaml").write_text("project: shop\n")
    (directory / "fraud.yaml").write_text(yaml.safe_dump(service({"model": IMAGE})))

    loaded = load_project([directory], "staging")

    assert [given.path for given in loaded.services[0].given] == ["spec.model.container.env.DB_PASSWORD"]
    assert CANARY not in str(loaded.services[0].given)
    assert CANARY not in shown(loaded.diagnostics)
    assert CANARY not in str(loaded.services[0].mark("spec.model.container"))
