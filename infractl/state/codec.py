"""Domain values to JSON and back, and the one canonical form of JSON that digests are made of. No file is touched here.

Every frozen dataclass of `domain/` passes: decimals and times as text, enums by value, tuples as lists. What has type `Any`
is a property and goes through `domain.value`, so that references survive.
"""

from __future__ import annotations

import hashlib
import json as jsonlib
import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, overload

from cattrs import BaseValidationError, Converter, transform_error

from infractl.domain import value
from infractl.domain.figure import Figure
from infractl.domain.journal import Entry
from infractl.domain.placement import Quantity
from infractl.domain.polynomial import Polynomial
from infractl.domain.unknown import Unknown
from infractl.domain.value import Json
from infractl.units import Money

T = TypeVar("T")


def encode(given: object, kind: Any = None) -> Json:
    """The JSON of a domain value. `kind` is its declared type where that is a union: `encode(intent, Entry)`.

    Raises ValueError where the value is not what its types say.
    """
    try:
        return _made(_writers, _CONVERTER.get_unstructure_hook, kind or type(given))(given)
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"no {getattr(kind or type(given), '__name__', kind)}: {error}") from error


@overload
def decode(kind: type[T], json: Json) -> T: ...
@overload
def decode(kind: UnionType, json: Json) -> Any: ...
def decode(kind: Any, json: Json) -> Any:
    """The inverse of `encode`. Raises ValueError that names each place where the JSON is no such value."""
    try:
        return _made(_readers, _CONVERTER.get_structure_hook, kind)(json, kind)
    except Exception as error:
        raise ValueError(_flaws(kind, json) or f"no {getattr(kind, '__name__', kind)}: {error!r}") from error


def _flaws(kind: Any, json: Json) -> str:
    """Each place where the JSON is no such value. Functions that tell are longer: they are written once something is wrong."""
    try:
        with _writing:
            _telling().structure(json, kind)
    except BaseValidationError as error:
        return "; ".join(transform_error(error))
    except Exception:  # noqa: BLE001 - it is told as it was met first
        return ""
    return ""


def canonical(json: Json) -> bytes:
    """The one spelling of a JSON value: sorted keys, no spaces, UTF-8. Raises ValueError for NaN and infinity."""
    return jsonlib.dumps(json, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(json: Json) -> str:
    """The sha256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(json)).hexdigest()


@cache
def _telling() -> Converter:
    return _converter(detailed=True)


class _Converter(Converter):
    """Writes a class's functions once. cattrs writes them again for each class in which it stands."""

    def __init__(self, **options: Any) -> None:
        self._once: dict[tuple[str, type], Any] = {}
        super().__init__(**options)

    def gen_structure_attrs_fromdict(self, cl: type[T]) -> Callable[[Mapping[str, Any], Any], T]:
        if ("read", cl) not in self._once:
            self._once["read", cl] = super().gen_structure_attrs_fromdict(cl)
        return cast("Callable[[Mapping[str, Any], Any], T]", self._once["read", cl])

    def gen_unstructure_attrs_fromdict(self, cl: type[T]) -> Callable[[T], dict[str, Any]]:
        if ("write", cl) not in self._once:
            self._once["write", cl] = super().gen_unstructure_attrs_fromdict(cl)
        return cast("Callable[[T], dict[str, Any]]", self._once["write", cl])


def _converter(*, detailed: bool = False) -> Converter:
    converter = _Converter(detailed_validation=detailed, forbid_extra_keys=True, unstruct_collection_overrides={tuple: list})
    for plain in (str, bool, int):
        converter.register_structure_hook(plain, _exactly)
    for sort in (Enum, StrEnum):
        converter.register_unstructure_hook(sort, lambda member: member.value)
        converter.register_structure_hook(sort, lambda json, kind: kind(json))
    converter.register_structure_hook(float, _float)
    # A float that happens to be held as an int must have one spelling, or the same value would have two digests.
    converter.register_unstructure_hook(float, float)
    for kind in (datetime, date):
        converter.register_unstructure_hook(kind, kind.isoformat)
        converter.register_structure_hook(kind, lambda json, to: to.fromisoformat(json))
    converter.register_unstructure_hook(Decimal, _decimal_text)
    converter.register_structure_hook(Decimal, _decimal)
    converter.register_structure_hook(int | str, lambda size, _: _exactly(size, int if type(size) is int else str))
    for known in (Decimal, Figure, Money):
        converter.register_structure_hook(known | Unknown, _or_unknown(converter, known))
    converter.register_unstructure_hook(Polynomial, _terms)
    converter.register_structure_hook(Polynomial, _polynomial)
    quantity = _quantity(converter)
    converter.register_structure_hook(Quantity, quantity)
    converter.register_structure_hook(Quantity | str, lambda json, to: json if isinstance(json, str) else quantity(json, to))
    converter.register_unstructure_hook_func(_is_property, value.encode)
    converter.register_structure_hook_func(_is_property, lambda json, _: value.decode(json))
    converter.register_unstructure_hook_factory(_is_mapping, lambda kind: _write_mapping(converter, kind))
    converter.register_structure_hook_factory(_is_mapping, lambda kind: _read_mapping(converter, kind))
    converter.register_unstructure_hook_func(_is_entry, lambda entry: {**converter.unstructure(entry), TAG: _tag(type(entry))})
    converter.register_structure_hook_func(_is_entry, lambda json, _: _read_entry(converter, json))
    return converter


TAG = "entry"
"""The key that says which of the entries it is."""


def _is_entry(kind: Any) -> bool:
    return bool(kind == Entry)


def _tag(kind: type) -> str:
    return kind.__name__.lower()


def _read_entry(converter: Converter, json: Any) -> Any:
    kinds = {_tag(kind): kind for kind in get_args(Entry)}
    return converter.structure({key: item for key, item in json.items() if key != TAG}, kinds[json[TAG]])


def _is_property(kind: Any) -> bool:
    return kind is Any or (_is_mapping(kind) and get_args(kind) == (str, Any))


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) is Mapping


def _write_mapping(converter: Converter, kind: Any) -> Callable[[Mapping[Any, Any]], Json]:
    """JSON's keys are text: a percentile becomes "99", an enum its value."""
    write = converter.get_unstructure_hook(get_args(kind)[1])

    def encode_mapping(mapping: Mapping[Any, Any]) -> Json:
        return {str(k.value if isinstance(k, Enum) else k): write(v) for k, v in mapping.items()}

    return encode_mapping


def _read_mapping(converter: Converter, kind: Any) -> Callable[[Json, Any], Mapping[Any, Any]]:
    to_key, to_item = get_args(kind)
    read = converter.get_structure_hook(to_item)

    def decode_mapping(json: Json, _: Any) -> Mapping[Any, Any]:
        return {to_key(k): read(v, to_item) for k, v in json.items()}

    return decode_mapping


def _or_unknown(converter: Converter, known: type) -> Callable[[Json, Any], Any]:
    """Only an Unknown is an object with the single key `why`."""

    def decode_either(json: Json, _: Any) -> Any:
        return converter.structure(json, Unknown if isinstance(json, Mapping) and set(json) == {"why"} else known)

    return decode_either


def _quantity(converter: Converter) -> Callable[[Json, Any], Any]:
    """Of the two, only Money has an amount."""
    return lambda json, _: converter.structure(json, Money if isinstance(json, Mapping) and "amount" in json else Figure)


def _exactly(json: Json, kind: type) -> Any:
    """cattrs would turn "3" into 3 and 3 into "3"; a document that needs it was not written by us."""
    if type(json) is not kind:
        raise TypeError(f"{json!r} is no {kind.__name__}")
    return json


def _float(json: Json, _: Any) -> float:
    if type(json) not in (int, float):
        raise TypeError(f"{json!r} is no number")
    return float(json)


def _terms(polynomial: Polynomial) -> Json:
    """Each term a list: its coefficient, then the names of its dimensions."""
    return [[float(coefficient), *term] for term, coefficient in polynomial.terms.items()]


def _polynomial(json: Json, kind: Any) -> Polynomial:
    return Polynomial({tuple(_exactly(name, str) for name in names): _float(number, kind) for number, *names in json})


def _decimal_text(number: Decimal) -> str:
    if not number.is_finite():
        raise ValueError(f"{number} is no amount")
    return str(number)


def _decimal(json: Json, _: Any) -> Decimal:
    number = Decimal(_exactly(json, str))
    if not number.is_finite():
        raise ValueError(f"{number} is no amount")
    return number


def _made(known: dict[Any, Any], make: Callable[[Any], Any], kind: Any) -> Any:
    """The function that cattrs writes for a kind. Of threads that need it at once, one has it written, and the others wait."""
    if kind not in known:
        with _writing:
            known[kind] = make(kind)
    return known[kind]


_CONVERTER = _converter()
_writing = threading.Lock()
_writers: dict[Any, Any] = {}
_readers: dict[Any, Any] = {}
