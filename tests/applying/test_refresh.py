"""Reading what lives, where a provider does not answer."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from infractl.domain.resource import Resource


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
