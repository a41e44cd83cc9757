"""Reading what lives: whose it is, and where a provider does not answer."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infractl.domain.action import Action
from infractl.domain.resource import Resource
from infractl.domain.value import Output
from infractl.planning.accept import accept
from infractl.planning.diff import KindView
from infractl.provider.secret import Secret


def test_ctrl_c_does_not_wait_for_a_provider_that_does_not_answer(bench: Any, thing: Callable[..., Resource]) -> None:
    reached, let_go = threading.Event(), threading.Event()

    def hang() -> None:
        reached.set()
        let_go.wait()

    def interrupt() -> None:
        reached.wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    bench.cloud.before_find = hang
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            bench.plan([thing("a", size=1)])
    finally:
        let_go.set()


def test_what_lost_its_labels_is_still_ours_and_gets_them_again(bench: Any, thing: Callable[..., Resource]) -> None:
    wanted = [thing("a", size=1)]
    bench.apply(wanted)
    ((ref, live),) = bench.cloud.objects.items()
    bench.cloud.objects[ref] = replace(live, labels={"team": "risk"})

    kind = bench.connections["here"].kinds["thing"]
    views = {("here", "thing"): KindView(schema=kind.schema, managed=kind.managed)}
    (taken,) = accept(bench.state.resources, bench.observe(wanted).live, (), views)
    assert taken.action is Action.no_op, "a refresh alone forgets nothing"

    assert bench.apply(wanted).complete
    assert bench.cloud.objects == {ref: live}


def test_a_secret_that_is_a_word_of_the_labels_takes_no_object_from_its_owner(bench: Any, thing: Callable[..., Resource]) -> None:
    bench.key = replace(bench.key, environment="refresh-production")
    wanted = [replace(a := thing("a", size=1), address=replace(a.address, environment="refresh-production"))]
    Secret("refresh-prod")

    bench.apply(wanted)

    assert [c.action for c in bench.plan(wanted).changes] == [Action.no_op]
    assert bench.apply([]).complete and bench.cloud.objects == {}


def test_a_plain_property_that_is_as_a_secret_is_compared_and_handed_on_as_it_is(
    bench: Any, thing: Callable[..., Resource]
) -> None:
    Secret("refresh-zone")
    first = thing("a", zone="in refresh-zone")
    wanted = [first, thing("b", of=Output(first.address, "zone"))]

    assert bench.apply(wanted).complete

    assert [c.action for c in bench.plan(wanted).changes] == [Action.no_op, Action.no_op]
    assert [live.properties.get("of") for live in bench.cloud.objects.values()] == [None, "in refresh-zone"]
