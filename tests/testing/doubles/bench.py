"""A service on a double, behind the real engine with a real store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infractl.applying.connection import Connection
from infractl.clock import SystemClock
from infractl.domain.applied import Applied, StepResult
from infractl.domain.event import Phase
from infractl.domain.release import Deployment
from infractl.domain.resource import Resource
from infractl.provider.contract import Context, Provider, Target
from infractl.state.local import LocalStateStore
from infractl.testing.engine import KEY, Engine
from infractl.testing.sample import Shelf, sample_deployment


@dataclass(kw_only=True)
class Bench(Engine):
    """`wanted(...)` compiles, `plan` and `apply` are the engine's. `service` speaks to the cloud in a connection of its own."""

    provider: Provider
    cloud: Any

    def deployment(self, version: str, candidate: str = "", share: float = 0.0) -> Deployment:
        (offer, *_) = self.provider.offers(self.at())
        stable, other = (sample_deployment(offer, f"digest-{v}", 1, v, self.key) for v in (version, candidate or version))
        return replace(stable, candidate=other.stable, share=share) if candidate else stable

    def at(self, **settings: Any) -> Target:
        return Target(name=self.target, provider="double", settings=self.provider.settings(cloud=self.cloud, **settings))

    def wanted(self, version: str, candidate: str = "", share: float = 0.0, **settings: Any) -> Sequence[Resource]:
        return self.provider.compile(self.deployment(version, candidate, share), self.at(**settings)).resources

    def done(self, wanted: Sequence[Resource]) -> list[str]:
        """Applies it, and tells the steps in the order in which they ended. All are done, and the next plan has none."""
        self.events.clear()
        applied = self.apply(wanted)
        assert applied.complete, [r.detail for r in applied.results if r.detail]
        assert self.planned(wanted) == []
        return [f"{e.action.value} {e.address.kind}" for e in self.events if e.phase is Phase.done]

    def planned(self, wanted: Sequence[Resource]) -> list[str]:
        return [f"{c.action.value} {c.address.kind}" for c in self.plan(wanted).changed]

    def failed(self, wanted: Sequence[Resource]) -> StepResult:
        """Applies it, and gives the one step that is not done or not started."""
        applied: Applied = self.apply(wanted)
        (result,) = (r for r in applied.results if r.phase not in (Phase.done, Phase.not_started))
        return result


def bench_of(provider: Provider, cloud: Any, state: Path) -> Bench:
    shelf = Shelf()
    target = Target(name="here", provider=provider.name, settings=provider.settings(cloud=cloud))
    kinds = provider.connect(target, Context(clock=SystemClock(), blobs=shelf, secrets=shelf, directory=state))
    connections = {"here": Connection.of(kinds, provider.kinds)}
    return Bench(store=LocalStateStore(state, SystemClock()), connections=connections, key=KEY, provider=provider, cloud=cloud)
