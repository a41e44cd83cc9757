"""From a placement to the numbers that a server is started with."""

from __future__ import annotations

import pytest

from infractl.domain.artifact import Artifact
from infractl.domain.recipe import AS_GIVEN
from infractl.placement.configure import configure


@pytest.fixture
def artifact(profiles) -> Artifact:
    profile = profiles["middling"]
    return Artifact(
        digest=profile.digest,
        size_bytes=profile.size_bytes,
        format=profile.format,
        recipe=AS_GIVEN,
        signature=profile.signature,
        source_digest=profile.digest,
    )


def test_a_release_serves_in_the_shape_that_was_placed(planner, artifact: Artifact) -> None:
    service = planner.service(traffic={"peak": "3000/s"})
    placement = planner("middling", traffic={"peak": "3000/s"}).ranked[0].placement

    release = configure(service, placement, artifact)

    config = release.config
    assert (release.version, release.artifact, release.placement) == ("3", artifact, placement)
    assert (config.max_batch, config.instances, config.threads) == (placement.batch, placement.instances, placement.threads)
    assert (config.max_delay_s, config.warmup, config.reject_non_finite) == (0.0, 3, True)
    assert config.max_concurrency >= 256


def test_what_the_document_sets_is_what_the_server_gets(planner, artifact: Artifact) -> None:
    serving = {"batching": {"maxBatch": 6, "maxDelay": "2ms"}, "maxConcurrency": 12, "warmup": 0, "nonFinite": "pass"}
    placement = planner("middling", serving=serving).ranked[0].placement

    config = configure(planner.service(serving=serving), placement, artifact).config

    assert (config.max_batch, config.max_delay_s, config.max_concurrency) == (6, 2e-3, 12)
    assert (config.warmup, config.reject_non_finite) == (0, False)


def test_a_changed_prediction_alone_changes_no_setting(planner, artifact: Artifact) -> None:
    service = planner.service()
    idle = planner("middling").ranked[0].placement
    busy = planner("middling", traffic={"peak": "50/s"}).ranked[0].placement
    assert (idle.batch, idle.instances) == (busy.batch, busy.instances)

    assert configure(service, idle, artifact).config == configure(service, busy, artifact).config
