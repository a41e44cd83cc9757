"""What a command asks before it changes anything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infractl.cli import terminal
from infractl.domain.plan import Plan
from infractl.report.plan_text import plan_text


@pytest.mark.parametrize(
    ("environment", "question"), [("default", "Do you want to go on?"), ("production", "Do you want to go on in production?")]
)
def test_the_question_names_an_environment_that_was_chosen(
    environment: str, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()

    def refuse(text: str, otherwise: str) -> bool:
        asked.append(text)
        return False

    monkeypatch.setattr(terminal, "ask", refuse)
    plan = Plan(
        project="shop",
        environment=environment,
        services=(),
        providers={},
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        created_by="ada",
        infractl="1",
    )

    assert not terminal.approval(auto=False, question="Do you want to go on", text=plan_text)(plan)
    assert asked == [question]
