"""One version inside the server: it loads, is ready, drains, and is gone; or it failed."""

from __future__ import annotations

from enum import StrEnum

from infractl.protocol.inference import Limits, RequestReader, ResponseWriter
from infractl.protocol.settings import BRIEF_CALL_S, ReleaseSettings, ReleaseStatus
from infractl.runtime.batcher import Batcher
from infractl.runtime.gate import Gate
from infractl.runtime.load import Loaded
from infractl.runtime.metrics import Metrics
from infractl.tensors import Signature

LARGEST_REQUEST_ITEMS = 4096
"""A single request may hold more items than the batch, up to this."""


class Phase(StrEnum):
    loading = "loading"
    ready = "ready"
    failed = "failed"
    draining = "draining"


class Serving:
    """What a ready release answers with. `gate` counts its requests, queued ones included."""

    def __init__(self, service: str, settings: ReleaseSettings, loaded: Loaded, metrics: Metrics) -> None:
        self.version = settings.version
        self.signature: Signature = loaded.sessions[0].signature
        max_batch = settings.max_batch if self.signature.batched else 1
        limits = Limits(max_items=max(LARGEST_REQUEST_ITEMS, max_batch), reject_non_finite=settings.reject_non_finite)
        self.reader = RequestReader(self.signature, limits)
        self.writer = ResponseWriter(service, settings.version, self.signature)
        self.gate = Gate(bound=settings.max_concurrency)
        self.batcher = Batcher(
            loaded.sessions,
            max_batch=max_batch,
            max_delay_s=settings.max_delay_s,
            observe=metrics.batch_observer(settings.version),
            brief=loaded.call_s is not None and loaded.call_s <= BRIEF_CALL_S,
        )

    async def drain(self) -> None:
        """Let nobody in, wait for those inside, end the sessions."""
        self.gate.close()
        await self.gate.emptied()
        self.batcher.close()


class Release:
    """The phase moves only forward, but a failed release may load again."""

    def __init__(self, settings: ReleaseSettings) -> None:
        self.settings = settings
        self.phase = Phase.loading
        self.detail = ""
        self.serving: Serving | None = None

    @property
    def ready(self) -> Serving | None:
        """What answers, if the release takes requests now."""
        return self.serving if self.phase is Phase.ready else None

    @property
    def in_flight(self) -> int:
        return self.serving.gate.inside if self.serving else 0

    @property
    def status(self) -> ReleaseStatus:
        return ReleaseStatus(settings=self.settings, phase=self.phase, detail=self.detail, in_flight=self.in_flight)
