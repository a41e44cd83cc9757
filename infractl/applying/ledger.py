"""What is recorded of a service while the ends of its steps are entered, one after the other. Nobody is asked here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.journal import Intent
from infractl.domain.resource import Recorded, Ref
from infractl.domain.service_state import ServiceState


class Ledger:
    """The records of a state. To enter an end costs the same however many there are."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state
        self._resources = {r.address: r for r in state.resources}
        self._deposed = _by_ref(state.deposed)

    @property
    def state(self) -> ServiceState:
        resources = sorted(self._resources.values(), key=lambda r: r.address)
        return replace(self._state, resources=tuple(resources), deposed=tuple(self._deposed.values()))

    def recorded(self, address: Address) -> Recorded | None:
        return self._resources.get(address)

    def meant(self, intent: Intent) -> Recorded | None:
        """The deposed object that the intent is about, if it is about one."""
        return self._deposed.get((intent.target, intent.prior))

    def enter(self, intent: Intent, recorded: Recorded | None) -> None:
        """`recorded` is at the intent's address now. An older object that still lives is deposed, not forgotten."""
        if intent.desired is None and self.meant(intent):
            if recorded is None:
                del self._deposed[intent.target, intent.prior]
            return
        before = self._resources.get(intent.address)
        if intent.desired is None and before is not None and (before.target, before.ref) != (intent.target, intent.prior):
            # An orphan went, which stood beside what is recorded.
            return
        self._resources.pop(intent.address, None)
        if recorded is None:
            return
        self._resources[intent.address] = recorded
        if before is not None and before != recorded and stands_beside(before, intent):
            self._deposed |= _by_ref([before])
        # A kind that names by content may take up again what was replaced earlier.
        self._deposed.pop((recorded.target, recorded.ref), None)


def stands_beside(before: Recorded, intent: Intent) -> bool:
    """Whether a create makes its object beside an older one: a replacement that creates first, or a move to another target."""
    return intent.action is Action.create and (intent.prior == before.ref or before.target != intent.target)


def _by_ref(records: Iterable[Recorded]) -> dict[tuple[str, Ref | None], Recorded]:
    """Ids are a target's own: another target may use them as well."""
    return {(r.target, r.ref): r for r in records}
