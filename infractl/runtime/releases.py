"""The releases of one server: which are loaded, which one answers, and how that changes without a request lost."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor

from infractl.protocol.refusal import RequestError
from infractl.protocol.settings import ReleaseSettings, ServerStatus
from infractl.runtime.load import load
from infractl.runtime.metrics import Metrics
from infractl.runtime.release import Phase, Release, Serving

log = logging.getLogger(__name__)


class Releases:
    """Changed on the event loop only: a request sees the set before a change or after it."""

    def __init__(self, service: str, metrics: Metrics) -> None:
        self._service = service
        self._metrics = metrics
        self._releases: dict[str, Release] = {}
        self._active: str | None = None
        self._answering: Serving | None = None
        """The active release's, kept because each request asks for it."""
        self._loader = ThreadPoolExecutor(max_workers=2, thread_name_prefix="load")
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def queue_depth(self) -> int:
        return sum(release.serving.batcher.depth for release in self._releases.values() if release.serving)

    @property
    def status(self) -> ServerStatus:
        return ServerStatus(
            pid=os.getpid(), active=self._active, releases=tuple(release.status for release in self._releases.values())
        )

    @property
    def versions(self) -> list[str]:
        """The versions that answer now."""
        return sorted({release.settings.version for release in self._releases.values() if release.ready})

    def find(self, version: str | None) -> Serving | None:
        """What answers for `version`; the active release if it has that word, else the one that was loaded last."""
        active = self._answering
        if version is None or (active is not None and active.version == version):
            return active
        ready = [release.ready for release in self._releases.values() if release.settings.version == version and release.ready]
        return ready[-1] if ready else None

    def put(self, settings: ReleaseSettings) -> None:
        """Load the release beside what serves. Raises RequestError where the id is taken by another or drains."""
        known = self._releases.get(settings.id)
        if known and known.settings != settings:
            raise RequestError(409, f"release {settings.id} is loaded with other settings")
        if known and known.phase is Phase.draining:
            raise RequestError(409, f"release {settings.id} is draining")
        if known and known.phase is not Phase.failed:
            return
        release = self._releases[settings.id] = Release(settings)
        log.info("release %s (version %s) loads from %s", settings.id, settings.version, settings.path)
        self._spawn(self._load(release))

    def activate(self, release_id: str) -> None:
        """From now on this release answers; those before it finish what they have. Raises RequestError where it is not ready."""
        release = self._known(release_id)
        if not release.ready:
            raise RequestError(409, f"release {release_id} is {release.phase}, not ready")
        if self._active != release_id:
            log.info("release %s (version %s) answers, after %s", release_id, release.settings.version, self._active or "none")
            self._active, self._answering = release_id, release.ready

    def delete(self, release_id: str) -> None:
        """Drain and unload. Raises RequestError where there is no such release."""
        release = self._known(release_id)
        if release.phase is Phase.draining:
            return
        if self._active == release_id:
            log.info("release %s answers no more, and no other does", release_id)
            self._active = self._answering = None
        if release.phase is Phase.failed:
            del self._releases[release_id]
            return
        release.phase = Phase.draining
        # One that still loads unloads itself at the end of that: a load cannot be interrupted.
        if release.serving:
            self._spawn(self._drain(release, release.serving))

    def _known(self, release_id: str) -> Release:
        if release_id not in self._releases:
            raise RequestError(404, f"there is no release {release_id}")
        return self._releases[release_id]

    async def _load(self, release: Release) -> None:
        settings = release.settings
        try:
            loaded = await asyncio.get_running_loop().run_in_executor(self._loader, load, settings)
            serving = Serving(self._service, settings, loaded, self._metrics)
        except Exception as error:  # noqa: BLE001 - whatever it is, the release failed; it would be called loading for ever
            self._failed(release, error)
            return
        release.serving = serving
        if release.phase is Phase.draining:
            await self._drain(release, serving)
            return
        release.phase = Phase.ready
        log.info("release %s (version %s) is ready", settings.id, settings.version)

    def _failed(self, release: Release, error: Exception) -> None:
        if release.phase is Phase.draining:
            self._forget(release)
            return
        release.phase, release.detail = Phase.failed, str(error) or type(error).__name__
        log.error("release %s (version %s) failed: %s", release.settings.id, release.settings.version, error)

    async def _drain(self, release: Release, serving: Serving) -> None:
        log.info("release %s drains with %d requests in flight", release.settings.id, serving.gate.inside)
        await serving.drain()
        self._forget(release)

    def _forget(self, release: Release) -> None:
        del self._releases[release.settings.id]
        log.info("release %s is unloaded", release.settings.id)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
