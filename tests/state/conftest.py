"""A service's states and entries in plain form, and processes of our own to be raced and killed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infractl.clock import SystemClock
from infractl.domain.action import Action
from infractl.domain.address import Address, ServiceKey
from infractl.domain.journal import Entry, Intent
from infractl.domain.resource import Recorded, Ref
from infractl.domain.service_state import ServiceState
from infractl.state.local import LocalStateStore

KEY = ServiceKey(project="shop", environment="prod", service="fraud")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def _address(name: str) -> Address:
    return Address(project="shop", environment="prod", service="fraud", kind="server", name=name)


def make_state(serial: int, *, resources: int = 1, lineage: str = "1f0c", key: ServiceKey = KEY) -> ServiceState:
    return ServiceState(
        key=key,
        lineage=lineage,
        serial=serial,
        target="local",
        spec_digest="ab" * 32,
        deployment=None,
        resources=tuple(
            Recorded(
                address=_address(f"server-{n}"),
                target="local",
                ref=Ref(kind="server", id=str(n)),
                properties={"port": 8080 + n, "labels": {"team": "fraud"}},
                outputs={"url": f"http://127.0.0.1:{8080 + n}"},
                depends_on=(),
            )
            for n in range(resources)
        ),
        outputs={},
        changed_at=NOON,
        changed_by="ada@laptop: infractl apply",
    )


def make_entry(step: str) -> Entry:
    return Intent(step=step, action=Action.create, address=_address("server"), target="local", desired=None, prior=None, at=NOON)


@pytest.fixture
def key() -> ServiceKey:
    return KEY


@pytest.fixture
def state() -> Callable[..., ServiceState]:
    return make_state


@pytest.fixture
def entry() -> Callable[[str], Entry]:
    return make_entry


@pytest.fixture
def store(tmp_path: Path) -> LocalStateStore:
    return LocalStateStore(tmp_path, SystemClock())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the store keeps the service."""
    return tmp_path / "shop" / "prod" / "fraud"


@pytest.fixture
def processes():
    """Starts functions as processes, and ends those that are left."""
    context = multiprocessing.get_context("fork")
    started = []

    def start(function: Callable[..., None], *arguments: object) -> multiprocessing.Process:
        process = context.Process(target=function, args=arguments, daemon=True)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.join()
