"""Further objects of a service, as many as are asked for: a tenth are roots, the others depend on a root and stand in chains."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.address import Address, ServiceKey
from infractl.domain.resource import Resource
from infractl.domain.value import Output

CHAIN = 10
"""Parts that stand in a row, each depending on the one before."""
LARGEST = 100_000


def parts(key: ServiceKey, count: int, zone: str) -> Iterator[Resource]:
    """Eleven properties each, and the same every time: of a root six are its own, of another part two name what it depends on."""
    roots = max(1, count // CHAIN)
    for number in range(count):
        needs: dict[str, object] = {"root": "", "before": ""}
        if number >= roots:
            place = number - roots
            needs["root"] = Output(address(key, place % roots), "arn")
            if place % CHAIN:
                needs["before"] = Output(address(key, number - 1), "arn")
        yield Resource(
            address=address(key, number),
            properties={
                "number": number,
                "zone": zone,
                "image": f"images/part-{number % 7}",
                "cores": 1 + number % 4,
                "memory_bytes": (1 + number % 4) * 2**30,
                "disk_bytes": 10 * 2**30,
                "port": 8000 + number % 1000,
                "public": False,
                "owner": key.service,
                **needs,
            },
        )


def address(key: ServiceKey, number: int) -> Address:
    return Address(project=key.project, environment=key.environment, service=key.service, kind="part", name=f"part-{number:06}")
