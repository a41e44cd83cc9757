"""A resource moves to another target, which gives out the same ids as the one that it leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infractl.domain.resource import Resource
from infractl.domain.step import Step
from infractl.errors import ProviderError

Thing = Callable[..., Resource]


def actions(bench: Any, wanted: list[Resource]) -> list[str]:
    return [c.action.value for c in bench.plan(wanted).changes]


def test_the_new_one_is_made_before_the_old_one_goes_and_each_is_told_from_the_other(bench: Any, thing: Thing) -> None:
    wanted = [thing("a", size=1)]
    bench.apply(wanted)
    bench.target = "there"

    assert bench.apply(wanted).complete

    assert (bench.cloud.names(), bench.elsewhere.names()) == ([], ["a"])
    assert [r.target for r in bench.state.resources] == ["there"] and bench.state.deposed == ()
    assert actions(bench, wanted) == ["no-op"]


def test_an_old_one_that_stays_is_deposed_and_goes_later(bench: Any, thing: Thing) -> None:
    wanted = [thing("a", size=1)]
    bench.apply(wanted)
    bench.target = "there"

    def refuse(_: Step) -> None:
        raise ProviderError.of("in-use", summary="it is in use")

    bench.cloud.before_begin["a"] = refuse
    assert not bench.apply(wanted).complete
    assert [d.target for d in bench.state.deposed] == ["here"]
    bench.cloud.before_begin.clear()

    assert bench.apply(wanted).complete
    assert (bench.cloud.names(), bench.elsewhere.names()) == ([], ["a"])


def test_a_move_that_fails_keeps_the_old_one(bench: Any, thing: Thing) -> None:
    wanted = [thing("a", size=1)]
    bench.apply(wanted)
    bench.target = "there"

    def refuse(_: Step) -> None:
        raise ProviderError.of("quota", summary="the quota is used up")

    bench.elsewhere.before_begin["a"] = refuse
    assert not bench.apply(wanted).complete

    assert [r.target for r in bench.state.resources] == ["here"]
    assert bench.cloud.names() == ["a"]


@pytest.mark.parametrize("point", ["before_begin", "after_begin"])
def test_a_crash_in_a_move_loses_neither(bench: Any, thing: Thing, point: str) -> None:
    class Crash(BaseException):
        pass

    def crash(_: Step) -> None:
        raise Crash

    wanted = [thing("a", size=1)]
    bench.apply(wanted)
    bench.target = "there"
    getattr(bench.elsewhere, point)["a"] = crash
    with pytest.raises(Crash):
        bench.apply(wanted)
    getattr(bench.elsewhere, point).clear()

    bench.settle()
    assert bench.apply(wanted).complete

    assert (bench.cloud.names(), bench.elsewhere.names()) == ([], ["a"])
    assert actions(bench, wanted) == ["no-op"]
