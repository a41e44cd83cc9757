"""What a provider may offer besides. What it does not offer is skipped and listed as such at the end, never passed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infractl.domain.resource import Live, Resource
from infractl.errors import Diagnostic, Severity
from infractl.provider.capability import Invokes, Logs, Measures, Preflights
from infractl.testing.sample import REQUEST
from infractl.testing.subject import Life

LINES = 3


class NotOffered:
    """A plugin of pytest that lists, at the end, what was not offered."""

    NAME = "infractl-not-offered"

    @classmethod
    def listed_at_the_end(cls, config: pytest.Config) -> None:
        if not config.pluginmanager.has_plugin(cls.NAME):
            config.pluginmanager.register(cls(), cls.NAME)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        skipped = terminalreporter.stats.get("skipped", [])
        reasons = [report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)]
        told = sorted({reason.removeprefix("Skipped: ") for reason in reasons if "not offered: " in reason})
        for line in told:
            terminalreporter.write_line(line)


class CapabilitySuite:
    """Reads one service that was made once, and sends it a request."""

    def test_preflight_finds_nothing_against_what_lives(self, alive: Life) -> None:
        for kind, wanted, live in _offered(alive, Preflights):
            _no_errors(kind.preflight(wanted, live), wanted)

    def test_preflight_changes_nothing(self, alive: Life) -> None:
        for kind, wanted, live in _offered(alive, Preflights):
            kind.preflight(wanted, live)
            kind.preflight(wanted, None)
            assert [x.ref for x in alive.found(wanted.address)] == [live.ref], f"{wanted.address}: preflight changed it"

    def test_a_request_is_answered(self, alive: Life) -> None:
        for kind, wanted, live in _offered(alive, Invokes):
            answer = kind.invoke(live, REQUEST)
            outputs = {output["name"]: output for output in answer["outputs"]}
            assert outputs["y"]["shape"] == [2, 2], f"{wanted.address} answers {answer}"

    def test_requests_and_errors_are_counted(self, alive: Life) -> None:
        for kind, wanted, live in _offered(alive, Measures):
            before = kind.metrics(live)
            assert {"requests", "errors"} <= set(before), f"{wanted.address} counts {sorted(before)}"
            if hasattr(kind, "invoke"):
                kind.invoke(live, REQUEST)
                after = kind.metrics(live)
                assert after["requests"] == before["requests"] + 1, f"{wanted.address}: a request was not counted"
                assert after["errors"] == before["errors"], f"{wanted.address}: a good request counts as an error"

    def test_the_newest_lines_of_the_log_are_told(self, alive: Life) -> None:
        for kind, wanted, live in _offered(alive, Logs):
            lines = kind.last_lines(live, LINES)
            assert len(lines) <= LINES and not any("\n" in line for line in lines), f"{wanted.address}: {lines}"
            assert list(kind.last_lines(live, 0)) == [], f"{wanted.address}: no line was asked for"


def _offered(life: Life, capability: Any) -> Iterator[tuple[Any, Resource, Live]]:
    """The kinds that have the capability, unguarded as the engine calls them, each with an object."""
    found = [
        (life.kinds[address.kind].kind, life.wanted[address], live)
        for address, live in life.live.items()
        if isinstance(life.kinds[address.kind].kind, capability)
    ]
    if not found:
        pytest.skip(f"not offered: no kind of {life.subject.provider.name} is {capability.__name__}")
    yield from found


def _no_errors(diagnostics: object, wanted: Resource) -> None:
    assert isinstance(diagnostics, list | tuple) and all(isinstance(d, Diagnostic) for d in diagnostics)
    errors = [str(d) for d in diagnostics if d.severity is Severity.error]
    assert not errors, f"{wanted.address}: {errors}"
