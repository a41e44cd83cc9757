"""Problems as values: a `Diagnostic` says what, where and what to do; exceptions carry them and fix the exit code.

Nothing here knows how a problem is printed (`report/`) or where it was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self


class Severity(StrEnum):
    error = "error"
    warning = "warning"
    note = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in a file: line and column count from 1; `text` is the source line, for the snippet."""

    file: str
    line: int
    column: int
    width: int = 1
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem. `summary` holds no user's words, `detail` does; `at` is a mark, or an address or path as text."""

    slug: str
    severity: Severity
    summary: str
    detail: str = ""
    at: Mark | str | None = None
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.at}: " if self.at else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"{place}{self.severity}[{self.slug}]: {self.summary}{detail}"


class Diagnostics:
    """Collects problems, so that all show at once."""

    def __init__(self, found: Iterable[Diagnostic] = ()) -> None:
        self._found: list[Diagnostic] = []
        self._errors: set[Diagnostic] = set()
        self.extend(found)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self._found, key=_place))

    def __len__(self) -> int:
        return len(self._found)

    def error(self, slug: str, *, summary: str, detail: str = "", at: Mark | str | None = None, remedy: str = "") -> None:
        self._add(Severity.error, slug, summary, detail, at, remedy)

    def warning(self, slug: str, *, summary: str, detail: str = "", at: Mark | str | None = None, remedy: str = "") -> None:
        self._add(Severity.warning, slug, summary, detail, at, remedy)

    def note(self, slug: str, *, summary: str, detail: str = "", at: Mark | str | None = None, remedy: str = "") -> None:
        self._add(Severity.note, slug, summary, detail, at, remedy)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self._found.append(diagnostic)
            if diagnostic.severity is Severity.error:
                self._errors.add(diagnostic)

    @property
    def different_errors(self) -> int:
        """How many errors there are, the same one counted once."""
        return len(self._errors)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self if d.severity is Severity.error)

    def raise_errors(self, error: type[InfractlError]) -> None:
        """Raise `error` with every diagnostic, warnings included, if at least one of them is an error."""
        if self.errors:
            raise error(*self)

    def _add(self, severity: Severity, slug: str, summary: str, detail: str, at: Mark | str | None, remedy: str) -> None:
        self.extend([Diagnostic(slug=slug, severity=severity, summary=summary, detail=detail, at=at, remedy=remedy)])


def _place(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    match diagnostic.at:
        case Mark(file=file, line=line, column=column):
            return (file, line, column, diagnostic.slug)
        case place:
            return (place or "", 0, 0, diagnostic.slug)


class InfractlError(Exception):
    """The root of every expected failure. The exit code stands on the class; the words are in the diagnostics."""

    exit_code: ClassVar[int] = 1

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(map(str, diagnostics)))
        self.diagnostics = diagnostics

    @classmethod
    def of(cls, slug: str, *, summary: str, detail: str = "", at: Mark | str | None = None, remedy: str = "") -> Self:
        """An error with a single diagnostic."""
        return cls(Diagnostic(slug=slug, severity=Severity.error, summary=summary, detail=detail, at=at, remedy=remedy))


class UsageError(InfractlError):
    """The command line asked for something that cannot be."""


class SpecError(InfractlError):
    """A YAML file does not say what it must."""


class ModelError(InfractlError):
    """A model file cannot be read, profiled or run."""


class DataError(InfractlError):
    """Validation or calibration data cannot be read, or does not fit the model."""


class InfeasibleError(InfractlError):
    """No placement meets the SLOs."""


class StateError(InfractlError):
    """A state document or journal cannot be trusted, or a write lost its race."""


class ProviderError(InfractlError):
    """A provider refused or failed. `transient` says that the same call may succeed later."""

    transient: ClassVar[bool] = False


class TransientProviderError(ProviderError):
    """A provider is throttled or unreachable for now."""

    transient = True


class BusyProviderError(TransientProviderError):
    """Another operation on the same object is under way: nothing was done, and the call is accepted once that has ended."""


class UnansweredError(TransientProviderError):
    """A provider did not answer in time, and may act yet: it is not asked again at once."""


class LockHeldError(InfractlError):
    """Somebody else holds the service's lock."""

    exit_code = 3


class StalePlanError(InfractlError):
    """What a saved plan was made for is no longer so."""

    exit_code = 4


class PartlyAppliedError(InfractlError):
    """Some changes were made and some were not."""

    exit_code = 5


class RefusedError(InfractlError):
    """A policy or a budget forbids it."""

    exit_code = 6


class StoppedError(InfractlError):
    """The user stopped it."""

    exit_code = 130
