"""A service's state under another name: what is recorded stays, and every address names the new one."""

from __future__ import annotations

from dataclasses import replace

from infractl.domain.address import Address, ServiceKey
from infractl.domain.resource import Recorded
from infractl.domain.service_state import ServiceState
from infractl.domain.value import Output, resolve


def taken_over(state: ServiceState, key: ServiceKey) -> ServiceState:
    """The state as `key`'s, of the same lineage and serial. What lives carries the labels of before until the next apply."""
    return replace(
        state,
        key=key,
        deployment=state.deployment and replace(state.deployment, service=key.service),
        resources=tuple(_renamed(r, key.service) for r in state.resources),
        deposed=tuple(_renamed(r, key.service) for r in state.deposed),
        moved_to="",
    )


def _renamed(record: Recorded, service: str) -> Recorded:
    def address(before: Address) -> Address:
        return before.of_service(service)

    def output(before: Output) -> Output:
        return replace(before, address=address(before.address))

    return replace(
        record,
        address=address(record.address),
        properties={name: resolve(value, output) for name, value in record.properties.items()},
        depends_on=tuple(address(needed) for needed in record.depends_on),
        labelled=False,
    )
