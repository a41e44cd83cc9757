"""Reads what lives: what is recorded by its ref, what is wanted and not recorded by its labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from infractl.applying.connection import Connections, kind_of
from infractl.domain.address import Address, Owner
from infractl.domain.resource import Live, Recorded, Ref

READERS = 16
"""Reads that wait for a provider at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What lives at the addresses that were asked for, and what else carries the owner's labels (orphans)."""

    live: Mapping[Address, Live]
    orphans: Mapping[Address, Live]


def refresh(recorded: Sequence[Recorded], wanted: Mapping[Address, str], owner: Owner, connections: Connections) -> Observed:
    """Read every recorded object; look for a wanted one (address to target) that is not recorded by its labels.

    Raises ProviderError.
    """
    known = {r.address for r in recorded}
    refs: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for record in recorded:
        refs[record.target, record.address.kind].append(record.ref)
    sought = sorted({(target, address.kind) for address, target in wanted.items() if address not in known})
    with ThreadPoolExecutor(READERS) as readers:
        reading = {key: readers.submit(kind_of(connections, *key)[0].read, group) for key, group in refs.items()}
        finding = [readers.submit(kind_of(connections, *key)[0].find, owner) for key in sought]
        lives = {key: future.result() for key, future in reading.items()}
        found = [live for future in finding for live in future.result()]
    live = {r.address: lives[r.target, r.address.kind][r.ref] for r in recorded if r.ref in lives[r.target, r.address.kind]}
    orphans: dict[Address, Live] = {}
    for candidate in found:
        address = owner.owns(candidate.labels)
        if address is None or address in live:
            continue
        if address in wanted:
            live[address] = candidate
        else:
            orphans[address] = candidate
    return Observed(live=live, orphans=orphans)
