"""What a provider's objects are once they are made: read back as wanted, found by their labels, well, fit to be written down."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace

from infractl.domain.address import ANY_LINEAGE, Address, Owner
from infractl.domain.health import HealthStatus
from infractl.domain.resource import Live, Ref
from infractl.planning.attribute import attribute_changes
from infractl.state.codec import canonical, decode, encode
from infractl.testing.subject import Life

THREADS = 8


class ObjectSuite:
    """Reads one service that was made once, and changes nothing."""

    def test_what_was_created_is_read_back_with_its_labels(self, alive: Life) -> None:
        for address, live in alive.live.items():
            assert live.ref.kind == address.kind, f"{address} has a ref of the kind {live.ref.kind}"
            assert alive.owner.owns(live.labels) == address, f"{address} lacks labels: {dict(live.labels)}"

    def test_what_was_created_is_no_difference(self, alive: Life) -> None:
        for address, live in alive.live.items():
            wanted, kind = alive.wanted[address], alive.kinds[address.kind]
            changes = attribute_changes(wanted.properties, kind.managed(wanted, live), wanted.properties, kind.schema)
            told = [f"{c.path}: {c.before!r} lives, {c.after!r} is wanted" for c in changes]
            assert not told, f"{address} would be changed by every plan: {'; '.join(told)}"

    def test_what_was_created_is_healthy(self, alive: Life) -> None:
        for address, live in alive.live.items():
            health = alive.kinds[address.kind].health(alive.wanted[address], live)
            assert health.status is HealthStatus.healthy, f"{address} is {health.status}: {health.reason}"

    def test_reading_leaves_out_what_is_absent(self, alive: Life) -> None:
        for name, kind in alive.kinds.items():
            there = [live.ref for address, live in alive.live.items() if address.kind == name]
            nowhere = Ref(kind=name, id=f"{there[0].id}-nowhere" if there else "nowhere")
            assert dict(kind.read([])) == {}, f"{name}: nothing was asked for"
            assert set(kind.read([*there, nowhere])) == set(there), f"{name}: what is absent is left out, what is there is not"

    def test_objects_are_found_by_their_labels(self, alive: Life) -> None:
        for name, kind in alive.kinds.items():
            made = {live.ref: address for address, live in alive.live.items() if address.kind == name}
            found = {live.ref: alive.owner.owns(live.labels) for live in kind.find(alive.owner)}
            assert found == made, f"{name}: another owner's objects are found, or own ones are not"

    def test_another_owner_finds_none_of_them(self, alive: Life) -> None:
        key, lineage = alive.owner.key, alive.owner.lineage
        others = [
            Owner(key=key, lineage=f"{lineage}0"),
            Owner(key=replace(key, service=f"{key.service}0"), lineage=lineage),
            Owner(key=replace(key, environment="production"), lineage=lineage),
            Owner(key=replace(key, project="other"), lineage=lineage),
        ]
        for name, kind in alive.kinds.items():
            for other in others:
                owned = [live for live in kind.find(other) if other.owns(live.labels)]
                assert not owned, f"{name}: {other} would adopt {owned[0].ref.id}, which is {alive.owner}'s"

    def test_objects_are_found_whichever_life_of_their_service_made_them(self, alive: Life) -> None:
        """The state was lost, and its lineage with it: what is left must not be made a second time."""
        any_life = replace(alive.owner, lineage=ANY_LINEAGE)
        for address, live in alive.live.items():
            found = [x.ref for x in alive.kinds[address.kind].find(any_life) if any_life.owns(x.labels) == address]
            assert found == [live.ref], f"{address} is not found where its lineage is not known"

    def test_another_connection_reads_the_same(self, alive: Life) -> None:
        kinds = alive.connect()
        for address, live in alive.live.items():
            there = kinds[address.kind].read([live.ref]).get(live.ref)
            assert there is not None, f"{address} is not there for another process"
            wanted = alive.wanted[address]
            mine, other = (k[address.kind].managed(wanted, x) for k, x in ((alive.kinds, live), (kinds, there)))
            assert mine == other, f"{address} is another object for another process"

    def test_several_threads_may_ask_at_once(self, alive: Life) -> None:
        def ask(address: Address) -> set[Ref]:
            kind, ref = alive.kinds[address.kind], alive.live[address].ref
            return {*kind.read([ref]), *(live.ref for live in kind.find(alive.owner))} & {ref}

        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(ask, list(alive.live) * THREADS))
        assert all(answers), "an object is not there for one of several threads that ask at once"

    def test_managed_and_health_are_pure(self, alive: Life) -> None:
        for address, live in alive.live.items():
            wanted, kind = alive.wanted[address], alive.kinds[address.kind]
            before = deepcopy((wanted, live))
            first, again = ((kind.managed(wanted, live), kind.health(wanted, live)) for _ in range(2))
            assert first == again, f"{address}: the same object is judged differently the second time"
            assert (wanted, live) == before, f"{address}: managed or health changed what it was given"

    def test_what_is_read_can_be_written_down(self, alive: Life) -> None:
        """State holds what was read back: it must be plain JSON and references, and be the same after a restart."""
        for address, live in alive.live.items():
            written = json.loads(canonical(encode(live)))
            assert decode(Live, written) == live, f"{address}: its properties do not come back as they were"
