"""A calibrated machine with round numbers, its offer, and services as a document states them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from infractl.domain.calibration import Calibration
from infractl.domain.chip import Chip
from infractl.domain.figure import Basis, Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer, Purchase, Rate
from infractl.domain.placement import Decision, Nearest, Placement
from infractl.domain.precision import Precision
from infractl.domain.profile import ModelProfile
from infractl.domain.unknown import Unknown
from infractl.placement.place import place
from infractl.placement.relax import relaxations
from infractl.profile.onnx import profile_onnx
from infractl.spec.service import InferenceService
from infractl.spec.validate import validate


def exactly(value: float, unit: str, spread: float = 0.1) -> Figure:
    low, high = value * (1 - spread), value * (1 + spread)
    return Figure(value=value, unit=unit, low=low, high=high, basis=Basis.measured, source="made up for a test")


@pytest.fixture(scope="session")
def calibration() -> Calibration:
    return Calibration(
        chip="test chip",
        machine={"chip": "test chip"},
        at=datetime(2026, 11, 24, tzinfo=UTC),
        flops_per_s=exactly(200e9, "FLOP/s"),
        bandwidth_bytes_per_s=exactly(20e9, "B/s"),
        cached_bandwidth_bytes_per_s=exactly(100e9, "B/s"),
        cached_bytes=16 * 2**20,
        call_s=exactly(5e-6, "s"),
        operator_s=exactly(1e-6, "s"),
        request_s=exactly(200e-6, "s"),
        value_s=exactly(50e-9, "s"),
        requests_per_s=exactly(5000, "1/s"),
        joined_per_s=exactly(10000, "1/s"),
        joined=8,
    )


@pytest.fixture(scope="session")
def offer() -> Offer:
    unknown = Unknown("not calibrated")
    chip = Chip(
        name="test chip",
        hardware_class=HardwareClass.cpu,
        cores=4,
        peak_flops_per_s={Precision.fp32: unknown},
        bandwidth_bytes_per_s=unknown,
        memory_bytes=8 * 2**30,
    )
    return Offer(
        name="this machine",
        target="local",
        chip=chip,
        count=1,
        region="local",
        purchase=Purchase.owned,
        tariff=(),
        host_memory_bytes=8 * 2**30,
        available=1,
    )


def hourly(price: str | Unknown, currency: str = "USD") -> tuple[Rate, ...]:
    amount = price if isinstance(price, Unknown) else Decimal(price)
    return (Rate(metric="instance", unit="hour", price=amount, currency=currency, source="a test", date=date(2026, 11, 24)),)


@pytest.fixture(scope="session")
def mixed(offer: Offer) -> Offer:
    """The offer at a price in two currencies."""
    return replace(offer, name="mixed", tariff=(*hourly("0.10"), *hourly("0.02", "EUR")))


@pytest.fixture(scope="session")
def priced(offer: Offer) -> Callable[..., Offer]:
    """The offer under another name, at a price an hour."""
    return lambda name, price, currency="USD": replace(offer, name=name, tariff=hourly(price, currency))


@pytest.fixture(scope="session")
def profiles(make_mlp, tmp_path_factory) -> Mapping[str, ModelProfile]:
    """A small, a middling and a large model (microseconds to milliseconds a call), and a middling one for single items.

    They are costed as given, operator by operator, as the tests count by hand.
    """
    directory = tmp_path_factory.mktemp("models")
    sizes = {"small": (30, 64, 2), "middling": (256, 1024, 1024, 10), "large": (1024, 4096, 1024)}
    files = {name: make_mlp(directory / f"{name}.onnx", layers) for name, layers in sizes.items()}
    files["fixed"] = make_mlp(directory / "fixed.onnx", sizes["middling"], batch=1)
    return {name: replace(profile_onnx(path, directory), executed=None) for name, path in files.items()}


@pytest.fixture(scope="session")
def without() -> Callable[..., ModelProfile]:
    """The model with operators in it whose cost nobody knows: `(("Conv", 12),)`."""
    return lambda profile, uncosted: replace(profile, given=replace(profile.given, uncosted=uncosted))


def service(**spec: Any) -> InferenceService:
    """A document with this spec: `service(slo={"latency": {"p99": "10ms"}}, traffic={"peak": "100/s"})`."""
    return validate(
        InferenceService,
        {
            "apiVersion": "infractl.dev/v1",
            "kind": "InferenceService",
            "metadata": {"name": "fraud"},
            "spec": {"model": {"uri": "model.onnx", "version": "3"}, **spec},
        },
    )


@dataclass(frozen=True)
class Planner:
    """`place` with what the tests seldom change."""

    profiles: Mapping[str, ModelProfile]
    offer: Offer
    known: Measurements
    service: Callable[..., InferenceService] = field(default=lambda **spec: service(**spec))

    def __call__(
        self, model: str, *offers: Offer, recorded: Placement | None = None, known: Measurements | None = None, **spec: Any
    ) -> Decision:
        return place(self.service(**spec), self.profiles[model], offers or (self.offer,), known or self.known, recorded)

    def would_hold(self, model: str, *offers: Offer, known: Measurements | None = None, **spec: Any) -> Sequence[Nearest]:
        """What would be feasible where that is not."""

        def decide(asked: InferenceService) -> Decision:
            return place(asked, self.profiles[model], offers or (self.offer,), known or self.known)

        return relaxations(self.service(**spec), decide)


@pytest.fixture(scope="session")
def planner(profiles: Mapping[str, ModelProfile], offer: Offer, calibration: Calibration) -> Planner:
    return Planner(profiles=profiles, offer=offer, known=Measurements(calibrations={calibration.chip: calibration}))
