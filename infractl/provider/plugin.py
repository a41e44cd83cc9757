"""Where a plugin's code is called: what it breaks on becomes an error that names it, instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from typing import TypeVar

from infractl.domain.address import LABEL_PREFIX, Owner
from infractl.domain.health import Health
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import Properties
from infractl.errors import Diagnostic, InfractlError, ProviderError, UsageError
from infractl.provider.contract import Kind
from infractl.provider.deadline import within
from infractl.provider.schema import Schema
from infractl.provider.secret import conceal, concealed, say_openly

T = TypeVar("T")


@contextmanager
def calling(name: str, what: str) -> Iterator[None]:
    """Around a call of the plugin `name`: its own ProviderErrors pass, anything else is its defect."""
    try:
        yield
    except InfractlError as error:
        told = tuple(without_secrets(d) for d in error.diagnostics)
        if told == error.diagnostics:
            raise
        raise type(error)(*told) from error
    except Exception as error:
        raise ProviderError.of(
            "provider-broke",
            summary="a provider has a defect",
            detail=conceal(f"{name} broke in {what}: {type(error).__name__}: {error}"),
            remedy="report this to the provider's authors; nothing is lost, and other steps go on",
        ) from error


def without_secrets(diagnostic: Diagnostic) -> Diagnostic:
    """What is told of a plugin may repeat a secret that it was given."""
    at = conceal(diagnostic.at) if isinstance(diagnostic.at, str) else diagnostic.at
    return replace(diagnostic, detail=conceal(diagnostic.detail), at=at, remedy=conceal(diagnostic.remedy))


def load_entry(entry: EntryPoint, slug: str) -> object:
    """What an entry point names. Raises UsageError where it cannot be imported."""
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise UsageError.of(
            slug,
            summary="this plugin cannot be imported",
            detail=f"{entry.value}: {error}",
            remedy="reinstall the plugin with its dependencies",
        ) from error


@dataclass(frozen=True, slots=True)
class GuardedKind:
    """A kind as the engine calls it: its defects become errors, its calls have a time limit, and no sensitive value leaves it."""

    name: str
    kind: Kind
    schema: Schema

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        return self._asked("read", lambda: {ref: self._without_secrets(live) for ref, live in self.kind.read(refs).items()})

    def find(self, owner: Owner) -> Sequence[Live]:
        return self._asked("find", lambda: [self._without_secrets(live) for live in self.kind.find(owner)])

    def begin(self, step: Step) -> Pending:
        say_openly(step.address.as_dict(), step.desired.properties if step.desired else ())
        return self._asked("begin", lambda: self.kind.begin(step))

    def poll(self, pending: Pending) -> Running | Done | Failed:
        match self._asked("poll", lambda: self.kind.poll(pending)):
            case Running() as running:
                return replace(running, detail=conceal(running.detail))
            case Failed(detail=detail, remedy=remedy, live=live):
                return Failed(detail=conceal(detail), remedy=conceal(remedy), live=conceal(live))
            case done:
                return done

    def managed(self, desired: Resource, live: Live) -> Properties:
        with calling(self.name, "managed"):
            return self.kind.managed(desired, live)

    def health(self, desired: Resource, live: Live) -> Health:
        with calling(self.name, "health"):
            health = self.kind.health(desired, live)
            return replace(health, reason=conceal(health.reason))

    def _asked(self, what: str, call: Callable[[], T]) -> T:
        with calling(self.name, what):
            return within(self.schema.call_s, call, f"{what} of {self.name}")

    def _without_secrets(self, live: Live) -> Live:
        # Whose an object is stands on its labels, whatever words are secrets besides.
        ours = {name: text for name, text in live.labels.items() if name.startswith(LABEL_PREFIX)}
        return replace(
            live, properties=concealed(self.schema.redacted(live.properties)), labels={**concealed(live.labels), **ours}
        )
