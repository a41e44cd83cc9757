"""Every value of the domain survives JSON, and JSON that is no such value is refused with the place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infractl.domain.address import Address
from infractl.domain.calibration import Calibration
from infractl.domain.figure import Basis, Figure
from infractl.domain.journal import Entry
from infractl.domain.measurement import SHAPE, Measurement
from infractl.domain.offer import Rate
from infractl.domain.placement import Prediction, Relaxed, Violation
from infractl.domain.plan import Plan
from infractl.domain.polynomial import Polynomial
from infractl.domain.profile import ModelProfile
from infractl.domain.service_state import ServiceState
from infractl.domain.unknown import Unknown
from infractl.domain.value import Blob, Output, Redacted, SecretRef
from infractl.state.codec import canonical, decode, digest, encode
from infractl.units import Money

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.none() | st.booleans() | st.integers() | NUMBERS | st.text(max_size=8)
KEYS = st.text(max_size=8) | st.sampled_from(["$blob", "$$blob", "$output", "$", "$secret", "$redacted"])
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])


@cache
def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a domain type, by its annotations."""
    origin, parts = get_origin(kind), get_args(kind)
    if isinstance(kind, st.SearchStrategy):
        return kind
    if kind in LEAVES:
        return LEAVES[kind]
    if is_dataclass(kind):
        hints = get_type_hints(kind) | SENSIBLE.get(kind, {})
        return st.deferred(lambda: st.builds(kind, **{f.name: values(hints[f.name]) for f in fields(kind)}))
    if origin in (Union, UnionType):
        return st.one_of(*map(values, parts))
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(values(parts[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, parts))
    if origin is Mapping:
        return st.dictionaries(values(parts[0]), values(parts[1]), max_size=2)
    assert issubclass(kind, Enum), kind
    return st.sampled_from(list(kind))


def _figures() -> st.SearchStrategy[Figure]:
    ends = st.lists(st.floats(1e-9, 1e12), min_size=3, max_size=3).map(sorted)
    return st.builds(lambda e, f: replace(f, low=e[0], value=e[1], high=e[2]), ends, values(Figure))


SENSIBLE: dict[Any, dict[str, Any]] = {
    Measurement: {
        "config": st.fixed_dictionaries(dict.fromkeys(SHAPE, st.floats(1, 1e6))),
        "figures": st.dictionaries(st.text(max_size=8), st.deferred(_figures), max_size=2),
        "extents": st.dictionaries(st.text(max_size=8), st.integers(1), max_size=2),
    }
}
"""What a value refuses to be made of otherwise."""

LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    type(None): st.none(),
    str: st.text(max_size=8),
    int: st.integers(),
    float: NUMBERS,
    bool: st.booleans(),
    date: st.dates(),
    datetime: st.datetimes(timezones=ZONES),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
}
REFERENCES = st.one_of(map(values, (Output, SecretRef, Blob, Redacted)))
LEAVES[Any] = st.recursive(
    PLAIN | REFERENCES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2), max_leaves=4
)


@pytest.mark.parametrize(
    ("kind", "examples"),
    [(ServiceState, 40), (Plan, 25), (Entry, 60), (Measurement, 30), (Calibration, 30), (Rate, 60), (ModelProfile, 20)],
)
def test_a_value_that_went_through_json_text_equals_itself(kind: Any, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(values(kind))
    def check(value: Any) -> None:
        written = canonical(encode(value, kind))
        read = decode(kind, json.loads(written))

        assert read == value
        assert canonical(encode(read, kind)) == written

    check()


def test_encoding_gives_plain_json_only() -> None:
    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(values(ServiceState))
    def check(value: ServiceState) -> None:
        assert _is_plain(encode(value))

    check()


def _is_plain(value: Any) -> bool:
    match value:
        case dict():
            return type(value) is dict and all(type(k) is str and _is_plain(v) for k, v in value.items())
        case list():
            return all(map(_is_plain, value))
        case _:
            return type(value) in (type(None), bool, int, float, str)


def test_tuples_in_properties_come_back_as_lists(state) -> None:
    given_outputs = {"ports": (1, 2), "nested": [{"a": (Blob("9f"),)}]}

    read = decode(ServiceState, encode(_with_outputs(state(1), given_outputs)))

    assert read.outputs == {"ports": [1, 2], "nested": [{"a": [Blob("9f")]}]}


def _with_outputs(state: ServiceState, outputs: Mapping[str, Any]) -> ServiceState:
    return replace(state, outputs=outputs)


def test_percentiles_keep_being_numbers() -> None:
    figure = Figure(value=1, unit="s", low=1, high=2, basis=Basis.measured, source="bench")
    prediction = Prediction(
        rate_per_s=20.0, latency_s={50: figure, 99: figure}, capacity_per_s=figure, memory_bytes=figure, utilization=0.5
    )

    json_form = encode(prediction)

    assert set(json_form["latency_s"]) == {"50", "99"}
    assert decode(Prediction, json_form) == prediction


def test_a_missing_price_stays_unknown_and_a_price_stays_exact() -> None:
    def rate(price: Decimal | Unknown) -> Rate:
        return Rate(metric="instance", unit="hour", price=price, currency="USD", source="declared", date=date(2026, 5, 4))

    assert encode(rate(Decimal("0.10")))["price"] == "0.10"
    assert decode(Rate, encode(rate(Decimal("0.10")))).price == Decimal("0.10")
    assert decode(Rate, encode(rate(Unknown("not listed")))).price == Unknown("not listed")


@pytest.mark.parametrize(
    "have",
    [
        "none, so that no SLO can be promised",
        Figure(value=0.2, unit="s", low=0.1, high=0.3, basis=Basis.calibrated, source="a queue"),
        Money(amount=Decimal("73.00"), currency="USD"),
    ],
)
def test_what_a_violation_compares_stays_text_figure_or_money(have: Any) -> None:
    violation = Violation(code="over-budget", need=Money(amount=Decimal("50"), currency="USD"), have=have)

    assert decode(Violation, json.loads(canonical(encode(violation)))) == violation


@pytest.mark.parametrize("to", ["10ms", 0.01, None, [], {}, {"amount": 7, "currency": "USD"}])
def test_what_a_demand_is_relaxed_to_is_a_number_with_its_unit(to: Any) -> None:
    with pytest.raises(ValueError, match=r"\$\.to"):
        decode(Relaxed, {"field": "slo.latency.p99", "to": to})


@given(st.dictionaries(st.lists(st.text(max_size=4), max_size=3).map(tuple), NUMBERS, max_size=4))
def test_a_polynomial_keeps_its_terms_whatever_its_dimensions_are_called(terms: dict[tuple[str, ...], float]) -> None:
    polynomial = Polynomial(terms)

    assert decode(Polynomial, json.loads(json.dumps(encode(polynomial)))) == polynomial


@pytest.mark.parametrize("json_form", [[[]], [["batch"]], [[1, 2]], [["1", "batch"]], [1], {"batch": 1}, None, [[True]]])
def test_json_that_is_no_polynomial_is_refused(json_form: Any) -> None:
    with pytest.raises(ValueError):
        decode(Polynomial, json_form)


def test_a_whole_float_has_one_spelling() -> None:
    def figure(value: float) -> Figure:
        return Figure(value=value, unit="s", low=value, high=value, basis=Basis.measured, source="")

    assert digest(encode(figure(3))) == digest(encode(figure(3.0)))


def test_canonical_json_is_sorted_tight_utf8_and_its_digest_is_the_sha256() -> None:
    given_json = {"b": [1, 2.5, None, True], "a": "µ", "10": 1, "9": 2}

    assert canonical(given_json) == '{"10":1,"9":2,"a":"µ","b":[1,2.5,null,true]}'.encode()
    assert digest({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_canonical_json_has_no_nan_and_no_infinity(number: float) -> None:
    with pytest.raises(ValueError):
        canonical({"a": [number]})


@pytest.mark.parametrize("price", [Decimal("NaN"), Decimal("Infinity")])
def test_an_amount_is_finite(price: Decimal) -> None:
    rate = Rate(metric="instance", unit="hour", price=price, currency="USD", source="declared", date=date(2026, 5, 4))

    with pytest.raises(ValueError, match="no amount"):
        encode(rate)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"serial": "3"}, r"\$\.serial"),
        ({"serial": 3.0}, r"\$\.serial"),
        ({"serial": True}, r"\$\.serial"),
        ({"lineage": 7}, r"\$\.lineage"),
        ({"changed_at": "yesterday"}, r"\$\.changed_at"),
        ({"resources": [{"ref": {}}]}, r"\$\.resources\[0\]\.ref\.kind"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_json_that_is_no_state_is_refused_with_the_place(state, change: dict[str, Any], place: str) -> None:
    with pytest.raises(ValueError, match=place):
        decode(ServiceState, {**encode(state(1)), **change})


@pytest.mark.parametrize("json_form", [None, [], "text", 3, {}, {"entry": "rumour"}, {"entry": []}])
def test_json_that_is_no_entry_is_refused(json_form: Any) -> None:
    with pytest.raises(ValueError):
        decode(Entry, json_form)


def test_a_property_that_json_cannot_hold_is_refused(state) -> None:
    with pytest.raises(ValueError, match="set"):
        encode(_with_outputs(state(1), {"ports": {1, 2}}))


def test_an_address_is_written_by_its_fields() -> None:
    address = Address(project="shop", environment="prod", service="fraud", kind="server", name="main")

    assert encode(address) == {"project": "shop", "environment": "prod", "service": "fraud", "kind": "server", "name": "main"}
