"""A provider under the real engine: applied, applied again, changed, lost, found again, destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infractl.applying.connection import Connection
from infractl.clock import SystemClock
from infractl.domain.applied import Applied
from infractl.domain.event import Phase
from infractl.domain.resource import Resource
from infractl.state.local import LocalStateStore
from infractl.testing.engine import Engine
from infractl.testing.subject import Life


class WholeSuite:
    """Each test makes a service of its own, and destroys it."""

    def test_a_service_is_applied_changed_and_destroyed(self, life: Life, tmp_path: Path) -> None:
        engine = engine_of(life, tmp_path / "state")
        for version in ("1", "2"):
            wanted = life.resources(version)
            _complete(engine.apply(wanted))
            _nothing_to_do(engine, wanted)
        _complete(engine.apply([]))
        left = [live.ref.id for kind in life.kinds.values() for live in kind.find(life.owner)]
        assert not left, f"a destroyed service leaves {', '.join(left)}"

    def test_what_was_deleted_elsewhere_is_made_anew(self, life: Life, tmp_path: Path) -> None:
        engine = engine_of(life, tmp_path / "state")
        wanted = life.resources()
        _complete(engine.apply(wanted))
        last = wanted[-1].address
        (life.live[last],) = life.found(last)
        life.remove(last)
        _complete(engine.apply(wanted))
        _nothing_to_do(engine, wanted)
        assert len(life.found(last)) == 1, f"{last} is not there again"

    def test_a_service_whose_state_was_lost_is_adopted_by_its_labels(self, life: Life, tmp_path: Path) -> None:
        wanted = life.resources()
        _complete(engine_of(life, tmp_path / "state").apply(wanted))
        refs = {r.address: [live.ref for live in life.found(r.address)] for r in wanted}
        engine = engine_of(life, tmp_path / "other-state")
        _complete(engine.apply(wanted))
        assert {r.address: [live.ref for live in life.found(r.address)] for r in wanted} == refs, "something was made twice"
        _nothing_to_do(engine, wanted)


def engine_of(life: Life, directory: Path) -> Engine:
    subject = life.subject
    return Engine(
        store=LocalStateStore(directory, SystemClock()),
        connections={subject.target.name: Connection(kinds=life.kinds)},
        target=subject.target.name,
        key=life.owner.key,
        lineage=life.owner.lineage,
        operation_s=subject.patience_s,
        settle_s=subject.settle_s,
    )


def _complete(applied: Applied) -> None:
    problems = [f"{r.action.value} {r.address}: {r.phase}: {r.detail}" for r in applied.results if r.phase is not Phase.done]
    assert applied.complete, "\n".join(problems)


def _nothing_to_do(engine: Engine, wanted: Sequence[Resource]) -> None:
    changes = engine.plan(wanted).changed
    told = [f"{c.action.value} {c.address}: {'; '.join(c.reasons)}" for c in changes]
    assert not told, f"right after an apply a plan wants changes: {told}"
