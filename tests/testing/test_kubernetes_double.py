"""The contract carries Kubernetes: what server-side apply, defaults, pruning and an autoscaler ask of a plan and an apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infractl.domain.event import Phase
from infractl.domain.resource import Resource
from infractl.testing.subject import Subject
from tests.testing.doubles.bench import Bench, bench_of
from tests.testing.doubles.kubernetes import Kubernetes
from tests.testing.doubles.kubernetes_cloud import Cloud
from tests.testing.doubles.suite import DoubleSuite, subject_of

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.fixture
def kubernetes(tmp_path: Path) -> Bench:
    return bench_of(Kubernetes(), Cloud(), tmp_path)


def deployment(bench: Bench) -> dict[str, Any]:
    return dict(bench.cloud.there["deployment", "s-stable"])


def with_deployment(wanted: Sequence[Resource], **properties: Any) -> list[Resource]:
    """The same, with other properties of the Deployment."""
    return [replace(r, properties={**r.properties, **properties}) if r.address.kind == "deployment" else r for r in wanted]


def with_environment(bench: Bench, **environment: str) -> list[Resource]:
    container = {"name": "server", "image": "1", "env": [{"name": k, "value": v} for k, v in environment.items()]}
    return with_deployment(bench.wanted("1"), template={"spec": {"containers": [container]}})


def scale(bench: Bench, replicas: int) -> None:
    """As an autoscaler does, which owns the field from then on."""
    bench.cloud.apply("deployment", "s-stable", {"replicas": replicas}, "kube-controller-manager")


def edit(bench: Bench, **container: Any) -> None:
    """As kubectl edit does."""
    template = {"spec": {"containers": [{"name": "server", **container}]}}
    bench.cloud.apply("deployment", "s-stable", {"template": template}, "kubectl-edit")


def test_a_service_is_made_in_order_and_destroyed_in_the_other(kubernetes: Bench) -> None:
    made = kubernetes.done(kubernetes.wanted("1"))
    kubernetes.done([])

    assert made == ["create configmap", "create deployment", "create horizontalpodautoscaler"]
    assert kubernetes.cloud.deleted == ["horizontalpodautoscaler", "deployment", "configmap"]
    assert kubernetes.cloud.there == {}


def test_what_the_server_filled_in_or_spells_otherwise_is_no_difference(kubernetes: Bench) -> None:
    wanted = kubernetes.wanted("1")
    kubernetes.done(wanted)

    (container,) = deployment(kubernetes)["template"]["spec"]["containers"]
    assert container["imagePullPolicy"] == "IfNotPresent" and container["resources"] == {"limits": {"cpu": "1"}}
    assert kubernetes.planned(wanted) == []


def test_another_release_rolls_out_and_the_old_config_goes_after_that(kubernetes: Bench) -> None:
    kubernetes.done(kubernetes.wanted("1"))

    assert kubernetes.done(kubernetes.wanted("2")) == ["create configmap", "update deployment", "delete configmap"]


def test_what_somebody_else_added_is_left_and_what_somebody_else_changed_is_put_right(kubernetes: Bench) -> None:
    wanted = with_environment(kubernetes, A="1")
    kubernetes.done(wanted)

    edit(kubernetes, env=[{"name": "B", "value": "2"}])
    assert kubernetes.planned(wanted) == []
    edit(kubernetes, env=[{"name": "A", "value": "2"}, {"name": "B", "value": "2"}])
    (change,) = kubernetes.plan(wanted).changed
    kubernetes.done(wanted)

    told = [(a.path, a.before, a.after, a.cause.value) for a in change.attributes]
    assert told == [("template.spec.containers[0].env[0].value", "2", "1", "drift")]
    (container,) = deployment(kubernetes)["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]


def test_what_is_not_wanted_any_more_is_taken_out_and_what_others_own_stays(kubernetes: Bench) -> None:
    kubernetes.done(with_environment(kubernetes, A="1", B="2"))

    kubernetes.done(with_environment(kubernetes, A="1"))

    (container,) = deployment(kubernetes)["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "A", "value": "1"}]


def test_replicas_of_an_autoscaler_are_no_difference_and_no_change_touches_them(kubernetes: Bench) -> None:
    kubernetes.done(kubernetes.wanted("1"))
    scale(kubernetes, 3)

    assert kubernetes.planned(kubernetes.wanted("1")) == []
    kubernetes.done(kubernetes.wanted("2"))
    assert deployment(kubernetes)["replicas"] == 3


def test_fixed_replicas_are_handed_to_an_autoscaler_as_they_are(kubernetes: Bench) -> None:
    kubernetes.done(with_deployment(kubernetes.wanted("1", autoscaled=False), replicas=3))

    steps = kubernetes.done(kubernetes.wanted("1"))

    assert steps == ["update deployment", "create horizontalpodautoscaler"]
    assert deployment(kubernetes)["replicas"] == 3


def test_an_autoscaler_goes_before_its_replicas_are_fixed(kubernetes: Bench) -> None:
    kubernetes.done(kubernetes.wanted("1"))
    scale(kubernetes, 3)

    kubernetes.done(kubernetes.wanted("1", autoscaled=False))

    told = [f"{e.phase} {e.action.value} {e.address.kind}" for e in kubernetes.events if e.phase is not Phase.waiting]
    assert told == [
        "started delete horizontalpodautoscaler",
        "done delete horizontalpodautoscaler",
        "started update deployment",
        "done update deployment",
    ]
    assert deployment(kubernetes)["replicas"] == 1


def test_a_candidate_is_pruned_with_its_parts_what_is_used_last(kubernetes: Bench) -> None:
    kubernetes.done(kubernetes.wanted("1", candidate="2", share=0.1))

    kubernetes.done(kubernetes.wanted("1"))

    assert kubernetes.cloud.deleted == ["horizontalpodautoscaler", "deployment", "configmap"]
    assert sorted(kubernetes.cloud.there)[1:] == [("deployment", "s-stable"), ("horizontalpodautoscaler", "s-stable")]


def test_another_selector_replaces_the_deployment_once_the_old_one_is_gone(kubernetes: Bench) -> None:
    kubernetes.done(kubernetes.wanted("1"))
    wanted = with_deployment(kubernetes.wanted("1"), selector={"matchLabels": {"app": "other"}})

    assert kubernetes.done(wanted) == ["delete deployment", "create deployment"]


def test_a_rollout_past_its_deadline_is_an_error_that_says_what_serves_and_the_old_release_can_be_applied(
    kubernetes: Bench,
) -> None:
    kubernetes.done(kubernetes.wanted("1"))
    kubernetes.cloud.stuck = True

    result = kubernetes.failed(kubernetes.wanted("2"))

    assert result.phase is Phase.failed
    assert "ProgressDeadlineExceeded, 1 old replicas serve" in result.detail
    kubernetes.cloud.stuck = False
    kubernetes.done(kubernetes.wanted("1"))
    assert [kind for kind, _ in sorted(kubernetes.cloud.there)] == ["configmap", "deployment", "horizontalpodautoscaler"]


class TestSuite(DoubleSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        return subject_of(Kubernetes(), Cloud(), tmp_path_factory.mktemp("run"))
