"""What a plan says is not acted on yet: everything that was asked for in vain, and nothing that is so already."""

from __future__ import annotations

import pytest
import yaml

from infractl.spec.not_acted_on import not_acted_on
from infractl.spec.project import Project
from infractl.spec.service import InferenceService, ServiceSpec
from infractl.spec.validate import validate


def ahead(text: str) -> tuple[str, ...]:
    value = yaml.safe_load(f"apiVersion: infractl.dev/v1\nkind: InferenceService\nmetadata: {{name: a}}\nspec: {{{text}}}")
    validate(InferenceService, value)
    return tuple(path for path, _ in not_acted_on(InferenceService, value))


@pytest.mark.parametrize(
    ("asked", "paths"),
    [
        ("rollout: {bake: 2m}", ("spec.rollout.bake",)),
        ("rollout: {strategy: canary, rollbackOn: {p99: 9ms}}", ("spec.rollout.strategy", "spec.rollout.rollbackOn")),
        ("slo: {latency: {p99: 9ms}, errorRate: 1%, completion: 1h}", ("spec.slo.completion", "spec.slo.errorRate")),
        ("serving: {warmup: 1, rateLimit: 5/s, auth: {apiKeys: {env: K}}}", ("spec.serving.rateLimit", "spec.serving.auth")),
        ("models: {a: {uri: a.onnx, version: '1', container: {ports: {http: 1}}}}", ("spec.models.a",)),
        ("monitoring: {alerts: [{name: a, when: {p99: 1s}}, {name: b, when: {p95: 1s}}]}", ("spec.monitoring.alerts",)),
    ],
)
def test_what_is_asked_for_in_vain_is_named(asked: str, paths: tuple[str, ...]) -> None:
    assert ahead(asked) == paths


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "slo: {latency: {p50: 1ms}, throughput: 5/s}",
        "hardware: {spot: never, allow: [], classes: [cpu]}",
        'serving: {cache: "off", replicas: 1, protocols: [http], keepWarm: 0}',
        'optimize: {level: "off", passes: {pruning: "off", quantization: {use: "off"}}}',
        "rollout: {strategy: direct, steps: []}",
        "monitoring: {metrics: prometheus, alerts: []}",
        "lifecycle: {protect: true}",
    ],
)
def test_what_is_so_already_is_not(asked: str) -> None:
    assert ahead(asked) == ()


def test_a_project_s_policies_are_named_too() -> None:
    value = {
        "project": "shop",
        "policies": [{"name": "a"}],
        "targets": {"local": {"provider": "local", "ports": {"a": 1}}},
    }
    validate(Project, value)

    assert not_acted_on(Project, value) == (("policies", True),)


def test_every_promise_that_is_kept_today_is_acted_on() -> None:
    kept = {"slo": {"latency": {"p99": "9ms"}}, "budget": {"monthly": "1 USD"}, "replan": {"tolerance": "1%"}, "targets": ["a"]}
    validate(ServiceSpec, kept)

    assert not_acted_on(ServiceSpec, kept) == ()


def test_what_somebody_may_rely_on_for_safety_is_marked() -> None:
    value = {
        "rollout": {"bake": "1m", "rollbackOn": {"p99": "9ms"}},
        "serving": {"auth": {"apiKeys": {"env": "K"}}, "timeout": "1s"},
    }
    validate(ServiceSpec, value)

    guards = {path for path, guards in not_acted_on(ServiceSpec, value) if guards}
    assert guards == {"serving.auth.apiKeys", "rollout.rollbackOn.p99"}
