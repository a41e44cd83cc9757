"""What an apply says while it runs: each step, or where they are many what fails, what takes long and how far it is."""

from __future__ import annotations

from infractl.domain.event import Event, Phase
from infractl.report.event_text import event_text
from infractl.report.style import Style

MANY = 50
"""Steps of which each gets its lines."""

_MOST_FAILURES = 20
"""Failures of an apply of many steps that are told as they happen; its end tells of all."""

_PARTS = 10
"""How often it is told how far an apply of many steps is."""


class Telling:
    """Turns the events of an apply of `steps` into lines, in the order in which they come."""

    def __init__(self, steps: int, style: Style) -> None:
        self._steps = steps
        self._style = style
        self._ended = 0
        self._failed = 0

    def lines(self, event: Event) -> list[str]:
        if self._steps <= MANY:
            return [event_text(event, self._style)]
        match event.phase:
            case Phase.started:
                return []
            case Phase.waiting:
                return [event_text(event, self._style)]
            case Phase.done:
                return self._how_far()
            case Phase.failed | Phase.unknown:
                self._failed += 1
                return [*self._failure(event), *self._how_far()]
            case Phase.not_started:
                return self._how_far()

    def _failure(self, event: Event) -> list[str]:
        if self._failed <= _MOST_FAILURES:
            return [event_text(event, self._style)]
        more = "more steps fail: the end tells of all"
        return [more] if self._failed == _MOST_FAILURES + 1 else []

    def _how_far(self) -> list[str]:
        before, self._ended = self._ended, self._ended + 1
        if before * _PARTS // self._steps == self._ended * _PARTS // self._steps:
            return []
        failed = f", {self._failed:,} not done" if self._failed else ""
        return [f"{self._ended:,} of {self._steps:,} steps have ended{failed}"]
