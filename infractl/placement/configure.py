"""From a placement to a release: the numbers that the server is started with."""

from __future__ import annotations

from infractl.domain.artifact import Artifact
from infractl.domain.placement import Placement
from infractl.domain.release import Release, ServingConfig
from infractl.spec.section.serving import Batching
from infractl.spec.service import InferenceService

LEAST_CONCURRENCY = 256
"""A burst of this many is let in, whatever the shape: connections often open all at once."""

BATCHES_IN_LINE = 32
"""Who would wait for more full batches than these is better told so at once."""


def configure(service: InferenceService, placement: Placement, artifact: Artifact) -> Release:
    """The artifact as a release of the service, in the shape that was placed."""
    serving = service.spec.serving
    config = ServingConfig(
        max_batch=placement.batch,
        max_delay_s=serving.batching.max_delay if isinstance(serving.batching, Batching) else 0.0,
        instances=placement.instances,
        threads=placement.threads,
        max_concurrency=_concurrency(placement) if serving.max_concurrency == "auto" else serving.max_concurrency,
        warmup=serving.warmup,
        reject_non_finite=serving.non_finite == "reject",
    )
    return Release(version=service.model.version, artifact=artifact, placement=placement, config=config)


def _concurrency(placement: Placement) -> int:
    """From the shape alone: a limit that followed the predicted rate would change with every calibration."""
    return max(LEAST_CONCURRENCY, BATCHES_IN_LINE * placement.batch * placement.instances)
