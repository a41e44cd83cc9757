"""States and journal entries in plain form, for tests of stores."""

from __future__ import annotations

from datetime import UTC, datetime

from infractl.domain.action import Action
from infractl.domain.address import Address, ServiceKey
from infractl.domain.figure import Basis, Figure
from infractl.domain.journal import Entry, Intent
from infractl.domain.measurement import Measurement
from infractl.domain.resource import Recorded, Ref
from infractl.domain.service_state import ServiceState

STATE_KEY = ServiceKey(project="shop", environment="prod", service="fraud")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
WRITER = "ada@laptop: infractl apply"


def sample_state(serial: int, *, resources: int = 1, lineage: str = "1f0c", key: ServiceKey = STATE_KEY) -> ServiceState:
    return ServiceState(
        key=key,
        lineage=lineage,
        serial=serial,
        target="local",
        spec_digest="ab" * 32,
        deployment=None,
        resources=tuple(_recorded(key, number) for number in range(resources)),
        outputs={},
        changed_at=NOON,
        changed_by=WRITER,
    )


def sample_entry(step: str) -> Entry:
    address = _address(STATE_KEY, "server")
    return Intent(step=step, action=Action.create, address=address, target="local", desired=None, prior=None, at=NOON)


def sample_measurement(hour: int) -> Measurement:
    figure = Figure(value=0.002 * hour, unit="s", low=0.001, high=0.09, basis=Basis.measured, source="bench")
    return Measurement(
        artifact="ab" * 32,
        chip="this machine",
        machine={},
        config={"max_batch": 8.0, "max_delay_s": 0.0, "instances": 1.0, "threads": 1.0},
        at=NOON.replace(hour=hour),
        figures={"p50": figure, "p99": figure},
    )


def _recorded(key: ServiceKey, number: int) -> Recorded:
    return Recorded(
        address=_address(key, f"server-{number}"),
        target="local",
        ref=Ref(kind="server", id=str(number)),
        properties={"port": 8080 + number, "labels": {"team": "fraud"}},
        outputs={"url": f"http://127.0.0.1:{8080 + number}"},
        depends_on=(),
    )


def _address(key: ServiceKey, name: str) -> Address:
    return Address(project=key.project, environment=key.environment, service=key.service, kind="server", name=name)
