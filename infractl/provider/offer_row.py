"""One line of a plugin's offers.csv: one rate of one offer, read and marked. What lines say together is checked elsewhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from infractl.domain.offer import Mode, Purchase, Rate
from infractl.domain.unknown import Unknown
from infractl.errors import Diagnostics, Mark

T = TypeVar("T")

COLUMNS = (
    "name",
    "region",
    "modes",
    "purchase",
    "chip",
    "chips",
    "processor",
    "vcpus",
    "ghz",
    "memory_gib",
    "metric",
    "unit",
    "price",
    "currency",
    "source",
    "date",
    "confidence",
)
"""`chip` is empty where the processor computes, `processor` and `ghz` where nobody says what it is; modes are parted by blanks.
A price that is not known is empty, and `source` then says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a line says of the machine, without its price: the same in every line of one offer."""

    modes: tuple[Mode, ...]
    chip: str
    chips: int
    processor: str
    vcpus: float
    ghz: float | None
    memory_gib: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line that could be read, and where it stands."""

    name: str
    region: str
    purchase: Purchase
    shape: Shape
    rate: Rate
    mark: Mark

    @property
    def offer(self) -> tuple[str, str, Purchase]:
        """Which offer it is a line of."""
        return (self.name, self.region, self.purchase)

    @property
    def metered(self) -> tuple[str, str]:
        return (self.rate.metric, self.rate.unit)


def rows(text: str, file: str, problems: Diagnostics) -> Iterator[Row]:
    """The lines that can be read; what is wrong with the others is put to `problems`, all of it."""
    reader = csv.reader(io.StringIO(text))
    lines = text.splitlines()
    header = tuple(next(reader, ()))
    if header != COLUMNS:
        problems.error(
            "offer-columns",
            summary="a catalogue of offers has other columns than it must",
            detail=f"it has {', '.join(header) or 'none'}",
            at=Mark(file=file, line=1, column=1, text=lines[0] if lines else ""),
            remedy=f"write {','.join(COLUMNS)}",
        )
        return
    for fields in reader:
        mark = Mark(file=file, line=reader.line_num, column=1, text=lines[reader.line_num - 1])
        if len(fields) != len(COLUMNS):
            _broken(problems, mark, f"it has {len(fields)} fields, where there are {len(COLUMNS)} columns")
            continue
        row = _Line(dict(zip(COLUMNS, fields, strict=True)), mark, problems).row()
        if row is not None:
            yield row


class _Line:
    """Reads the fields of one line, and tells of every one that cannot be."""

    def __init__(self, fields: dict[str, str], mark: Mark, problems: Diagnostics) -> None:
        self.fields, self.mark, self.problems = fields, mark, problems
        self.sound = True

    def row(self) -> Row | None:
        self._sourced()
        shape, rate = self._shape(), self._rate()
        name, region = self._word("name"), self._word("region")
        purchase = self._read("purchase", Purchase)
        if not self.sound:
            return None
        assert shape and rate and purchase, "what could not be read was told of"
        return Row(name=name, region=region, purchase=purchase, shape=shape, rate=rate, mark=self.mark)

    def _shape(self) -> Shape | None:
        modes = self._read("modes", lambda text: tuple(Mode(word) for word in text.split()))
        chips = self._read("chips", lambda text: int(text or 1))
        vcpus = self._read("vcpus", _positive)
        ghz = self._read("ghz", lambda text: float(_positive(text)) if text else 0.0)
        memory = self._read("memory_gib", _positive)
        if not modes or chips is None or vcpus is None or ghz is None or memory is None:
            return None
        return Shape(
            modes=modes,
            chip=self.fields["chip"],
            chips=chips,
            processor=self.fields["processor"],
            vcpus=float(vcpus),
            ghz=ghz or None,
            memory_gib=memory,
        )

    def _rate(self) -> Rate | None:
        price = self._read("price", Decimal) if self.fields["price"] else Unknown(self.fields["source"])
        on = self._read("date", date.fromisoformat) if self.fields["date"] else None
        if price is None or on is None:
            return None
        return Rate(
            metric=self._word("metric"),
            unit=self._word("unit"),
            price=price,
            currency=self._word("currency"),
            source=f"{self.fields['source']} ({self.fields['confidence']})",
            date=on,
        )

    def _sourced(self) -> None:
        missing = [column for column in ("source", "date", "confidence") if not self.fields[column].strip()]
        if missing:
            self.sound = False
            self.problems.error(
                "offer-unsourced",
                summary="an offer does not say where it is from",
                detail=f"{self.fields['name']} has no {' and no '.join(missing)}",
                at=self.mark,
                remedy="write who states it, on which day, and how far it is backed",
            )

    def _word(self, column: str) -> str:
        text = self.fields[column].strip()
        if not text:
            self._told(column, text, "it is empty")
        return text

    def _read(self, column: str, read: Callable[[str], T]) -> T | None:
        text = self.fields[column].strip()
        try:
            return read(text)
        except (ValueError, InvalidOperation):
            self._told(column, text, f"{text!r} is none" if text else "it is empty")
            return None

    def _told(self, column: str, text: str, detail: str) -> None:
        self.sound = False
        column_at = self.mark.text.find(text) + 1 if text else 1
        mark = Mark(file=self.mark.file, line=self.mark.line, column=column_at or 1, width=len(text) or 1, text=self.mark.text)
        _broken(self.problems, mark, f"{column}: {detail}")


def _positive(text: str) -> Decimal:
    number = Decimal(text)
    if not (number.is_finite() and number > 0):
        raise ValueError(text)
    return number


def _broken(problems: Diagnostics, mark: Mark, detail: str) -> None:
    problems.error(
        "offer-line",
        summary="a line of a catalogue of offers cannot be read",
        detail=detail,
        at=mark,
        remedy="correct the line; a price that is not known is left empty",
    )
