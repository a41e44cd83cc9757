"""How validators are made: a Ctrl-C that comes meanwhile is not lost."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from pydantic_core import SchemaValidator

from infractl.spec.schema import validator
from infractl.spec.schema.validator import made, validator_of
from infractl.spec.section.slo import Latency


class Interrupting(str):
    """A name during whose printing the user presses Ctrl-C."""

    __slots__ = ()

    def __str__(self) -> str:
        signal.raise_signal(signal.SIGINT)
        return "name"


def test_an_interrupt_while_pydantic_core_prints_a_function_s_name_is_raised() -> None:
    def choose(_: Any) -> str:
        return "only"

    choose.__name__ = Interrupting("choose")

    with pytest.raises(KeyboardInterrupt):
        made({"type": "tagged-union", "choices": {"only": {"type": "int"}}, "discriminator": choose})


def test_an_interrupt_waits_until_a_section_s_validator_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    finished = []

    def make(schema: Any) -> SchemaValidator:
        signal.raise_signal(signal.SIGINT)
        finished.append(schema)
        return SchemaValidator(schema)

    monkeypatch.setattr(validator, "SchemaValidator", make)
    validator_of.cache_clear()

    with pytest.raises(KeyboardInterrupt):
        validator_of(Latency)
    assert len(finished) == 1


def test_later_interrupts_do_not_wait() -> None:
    made({"type": "int"})

    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
