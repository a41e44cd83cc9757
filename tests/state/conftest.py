"""A service's states and entries in plain form, and processes of our own to be raced and killed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from infractl.clock import SystemClock
from infractl.domain.address import ServiceKey
from infractl.domain.journal import Entry
from infractl.domain.service_state import ServiceState
from infractl.state.local import LocalStateStore
from infractl.testing.sample_state import STATE_KEY, sample_entry, sample_state


@pytest.fixture
def key() -> ServiceKey:
    return STATE_KEY


@pytest.fixture
def state() -> Callable[..., ServiceState]:
    return sample_state


@pytest.fixture
def entry() -> Callable[[str], Entry]:
    return sample_entry


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
