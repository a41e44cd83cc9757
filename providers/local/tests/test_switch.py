"""The moves towards a release, tried against a model of a server in every order in which it may answer."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from infractl.protocol.settings import ReleaseSettings, ReleaseStatus, ServerStatus
from infractl_local.switch import Activate, Finished, Load, Refused, Unload, Wait, next_move

PHASES = ("loading", "ready", "failed", "draining")


def release(name: str, phase: str) -> ReleaseStatus:
    settings = ReleaseSettings(
        id=name,
        version=name,
        path=f"/{name}",
        digest=name,
        engine="onnxruntime",
        max_batch=1,
        max_delay_s=0.0,
        instances=1,
        threads=1,
        max_concurrency=1,
        warmup=0,
        reject_non_finite=True,
    )
    return ReleaseStatus(settings=settings, phase=phase)


@st.composite
def statuses(draw: st.DrawFn) -> ServerStatus:
    releases = tuple(release(name, draw(st.sampled_from(PHASES))) for name in draw(st.sets(st.sampled_from("abc"))))
    ready = [r.settings.id for r in releases if r.phase == "ready"]
    active = draw(st.sampled_from([None, *ready]))
    return ServerStatus(pid=1, active=active, releases=releases)


def after(status: ServerStatus, wanted: str | None, loads_well: bool) -> ServerStatus | None:
    """The server once it did what the next move asks and what was under way; None at the end."""
    releases, active = {r.settings.id: r for r in status.releases}, status.active
    match next_move(status, wanted):
        case Load():
            assert wanted is not None
            releases[wanted] = release(wanted, "loading")
        case Activate():
            assert releases[wanted or ""].phase == "ready"
            active = wanted
        case Unload(releases=others):
            assert wanted is None or active == wanted, "the old release is unloaded before the new one answers"
            for other in others:
                releases[other] = replace(releases[other], phase="draining")
                active = None if active == other else active
        case Wait():
            ended = "ready" if loads_well else "failed"
            releases = {
                n: release(n, ended if r.phase == "loading" else r.phase) for n, r in releases.items() if r.phase != "draining"
            }
        case Refused() | Finished():
            return None
    return ServerStatus(pid=1, active=active, releases=tuple(releases.values()))


@given(status=statuses(), wanted=st.sampled_from([None, "a", "b", "c"]), loads_well=st.booleans())
def test_the_moves_end_with_what_is_wanted_alone_and_never_without_an_answer(
    status: ServerStatus, wanted: str | None, loads_well: bool
) -> None:
    answered = status.active is not None
    for _ in range(20):
        last, following = status, after(status, wanted, loads_well)
        if following is None:
            break
        status = following
        assert wanted is None or not answered or status.active is not None
    else:
        raise AssertionError("the moves do not end")

    if isinstance(next_move(last, wanted), Finished):
        assert [r.settings.id for r in last.releases] == ([wanted] if wanted else [])
        assert last.active == wanted
    else:
        assert wanted is not None
