"""A provider that repeats its secret wherever it can: no byte that is written or printed has it."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest

import infractl.provider.secret
from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.errors import Diagnostic, ProviderError, Severity, UnansweredError
from infractl.provider.contract import Context, Kind, Target
from infractl.provider.schema import Attribute, Schema
from infractl.testing.plugin import register
from infractl.testing.reference.kind import SCHEMAS, ReferenceKind
from infractl.testing.reference.provider import ReferenceProvider

CORE = "canary-4f1d9e"
CANARY = f'p@ss/wörd "{CORE}"'
FORMS = (CANARY, json.dumps(CANARY), quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode())
ECHO = f"postgres://user:{FORMS[2]}@db:5432/x; Authorization: Basic {FORMS[3]}; log line: key={CANARY}; {{'json': {FORMS[1]}}}"


class LeakyEndpoint(ReferenceKind):
    """Tells the secret in properties and labels that are read back, and where `LEAK` says so."""

    @property
    def leak(self) -> str:
        return os.environ.get("LEAK", "")

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        return {ref: self._telling(live) for ref, live in super().read(refs).items()}

    def _telling(self, live: Live) -> Live:
        told = {"dsn": ECHO, "environment": {"DB_PASSWORD": CANARY, "headers": [ECHO]}}
        changed = {"zone": ECHO} if self.leak == "drift" else {}
        return replace(live, properties={**live.properties, **told, **changed}, labels={**live.labels, "note": ECHO})

    def begin(self, step: Step) -> Pending:
        if self.leak == "refusal":
            raise ProviderError.of("leaky-refused", summary="no", detail=ECHO, at=ECHO, remedy=ECHO)
        if self.leak == "defect":
            raise RuntimeError(ECHO)
        return super().begin(step)

    def poll(self, pending: Pending) -> Running | Done | Failed:
        if self.leak == "failure":
            return Failed(detail=f"it did not start; its last lines: {ECHO}", remedy=ECHO, live=ECHO)
        return super().poll(pending)

    def health(self, desired: Resource, live: Live) -> Health:
        return Health(HealthStatus.failed, ECHO) if self.leak == "health" else super().health(desired, live)

    def preflight(self, desired: Resource, live: Live | None) -> Sequence[Diagnostic]:
        problem = Diagnostic(slug="leaky-preflight", severity=Severity.error, summary="no", detail=ECHO, remedy=ECHO)
        return [problem] if self.leak == "preflight" else []


ECHOED = {name: Attribute(computed=True) for name in ("dsn", "environment")}
KINDS = {**SCHEMAS, "endpoint": replace(SCHEMAS["endpoint"], attributes={**SCHEMAS["endpoint"].attributes, **ECHOED})}


class LeakyProvider(ReferenceProvider):
    name: str = "leaky"
    kinds: Mapping[str, Schema] = KINDS

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        kinds = super().connect(target, context)
        plain = kinds["endpoint"]
        assert isinstance(plain, ReferenceKind)
        return {**kinds, "endpoint": LeakyEndpoint("endpoint", plain.cloud, plain.blobs, plain.secrets)}


@pytest.fixture
def leaky(scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    register(tmp_path / "plugins", "leaky", "leaky_provider:provider")
    module = ModuleType("leaky_provider")
    module.provider = LeakyProvider()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "leaky_provider", module)
    monkeypatch.setenv("FRAUD_KEY", CANARY)
    settings = f"provider: leaky, key: FRAUD_KEY, directory: {scene.cloud.directory}"
    (scene.path / "infractl.yaml").write_text(f"project: testing\ntargets: {{there: {{{settings}}}}}\n")
    scene.write()
    return scene


def run(scene: Any, *words: str, code: int = 0) -> str:
    done = scene.run(*words, code=code)
    text = str(done.stdout + done.stderr)
    assert not told(text), f"{words} prints a secret: {text}"
    return text


def told(text: str) -> bool:
    return CORE in text or FORMS[3] in text


def written(scene: Any) -> list[str]:
    """The files with a secret in them, of all that infractl wrote."""
    places = (scene.path, Path(os.environ["INFRACTL_CACHE"]))
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert any(path.name == "state.json" for path in files)
    return [str(path) for path in files if told(path.read_bytes().decode(errors="replace"))]


def test_no_command_prints_or_writes_a_secret_that_a_provider_reads_back(leaky: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run(leaky, "plan", "--out", "plan.json")
    run(leaky, "apply", "--auto-approve")
    assert leaky.cloud.call("holds", kind="endpoint", thing=leaky.lives("endpoint")[0]["id"], name="key", value=CANARY)
    monkeypatch.setenv("LEAK", "drift")
    run(leaky, "plan", "--out", "drifted.json")
    run(leaky, "drift", code=2)
    run(leaky, "drift", "--json", code=2)
    for words in (
        ("plan",),
        ("plan", "--json"),
        ("show", "plan.json"),
        ("show", "drifted.json", "--json"),
        ("status",),
        ("status", "--json"),
        ("state", "show", "scores"),
        ("state", "show", "scores", "--json"),
        ("state", "history", "scores", "--json"),
        ("state", "list", "--json"),
    ):
        assert run(leaky, *words)
    assert written(leaky) == []
    assert "***" in json.dumps([dict(r.outputs) for r in leaky.state().resources], default=str)


@pytest.mark.parametrize(
    ("leak", "where"),
    [
        ("refusal", "***"),
        ("defect", "endpoint broke in begin: RuntimeError: postgres://user:***"),
        ("failure", "it did not start; its last lines: postgres://user:***"),
        ("drift", "zone is 'postgres://user:***"),
        ("health", "it is failed: postgres://user:***"),
    ],
)
def test_no_error_of_a_provider_tells_a_secret(leaky: Any, monkeypatch: pytest.MonkeyPatch, leak: str, where: str) -> None:
    monkeypatch.setenv("LEAK", leak)

    assert where in run(leaky, "apply", "--auto-approve", "--debug", code=5)

    run(leaky, "plan", "--out", "plan.json")
    assert written(leaky) == []


def test_what_stands_against_a_plan_tells_no_secret(leaky: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAK", "preflight")

    assert "leaky-preflight" in run(leaky, "apply", "--auto-approve", code=1)


def test_a_traceback_tells_no_secret(leaky: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(ECHO)

    run(leaky, "apply", "--auto-approve")
    monkeypatch.setattr(LeakyEndpoint, "read", broken)

    traced = run(leaky, "status", "--debug", code=1)

    assert "Traceback" in traced and "RuntimeError: postgres://user:***" in traced
    assert written(leaky) == []


def test_what_an_earlier_run_left_open_is_settled_without_writing_a_secret(leaky: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unanswered(*_: object) -> Running:
        raise UnansweredError.of("leaky-silent", summary="no answer")

    with monkeypatch.context() as broken:
        broken.setattr(LeakyEndpoint, "poll", unanswered)
        run(leaky, "apply", "--auto-approve", code=5)
    # The next command is another process: it knows no secret yet.
    monkeypatch.setattr(infractl.provider.secret, "_known", set())

    run(leaky, "apply", "--auto-approve")

    assert written(leaky) == []


def test_a_secret_that_is_the_name_of_the_service_neither_doubles_nor_changes_it(
    leaky: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_KEY", "fraud-detection")
    leaky.write("fraud-detection")
    (leaky.path / "scores.yaml").unlink()

    leaky.apply()
    begun = leaky.begun()
    leaky.apply()

    assert leaky.begun() == begun
    assert "fraud-detection" in leaky.run("status").stdout
