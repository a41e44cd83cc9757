"""What beginning, polling and deleting mean: begun twice is made once, what is there is adopted, what is gone may be deleted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from infractl.domain.resource import Ref
from infractl.domain.step import Pending
from infractl.domain.value import SecretRef
from infractl.state.codec import canonical, decode, encode
from infractl.testing.subject import Life


class StepSuite:
    """Each test makes a service of its own, and deletes it."""

    def test_a_step_that_is_begun_twice_makes_one_object(self, life: Life) -> None:
        """Its answer was lost: `Step.key` is the same."""
        for resource in life.resources():
            step = life.creation(resource)
            pendings = [life.begin(step), life.begin(step)]
            refs = {life.ended(pending).ref for pending in pendings}
            live = life.finish(step, pendings[-1])
            late = life.ended(life.begin(step)).ref
            assert refs | {late} == {live.ref}, f"{resource.address}: the same step gives {refs | {late}}"
            there = life.found(resource.address)
            assert [x.ref for x in there] == [live.ref], f"{resource.address}: there are {len(there)} objects"

    def test_a_create_adopts_what_carries_its_labels(self, life: Life) -> None:
        """A run died before it wrote down what it made: the next one's key is another."""
        for resource in life.resources():
            first = life.make(resource)
            step = life.creation(resource)
            again = life.finish(step, life.begin(step))
            there = life.found(resource.address)
            assert again.ref == first.ref, f"{resource.address}: {first.ref.id} was not adopted, {again.ref.id} was made"
            assert [x.ref for x in there] == [first.ref], f"{resource.address}: there are {len(there)} objects"

    def test_another_process_finishes_what_this_one_began(self, life: Life) -> None:
        """The engine writes the pending operation down, and the run may die: what is polled is what was written."""
        for resource in life.resources():
            step = life.creation(resource)
            pending = life.begin(step)
            written = decode(Pending, json.loads(canonical(encode(pending))))
            assert written == pending, f"{resource.address}: what is pending does not come back as it was"
            told = life.elsewhere(written)
            assert not told, f"{resource.address}: another process says: {told}"
            life.finish(step, pending)

    def test_what_is_deleted_is_gone_and_can_be_deleted_again(self, life: Life) -> None:
        life.make_all()
        for address in reversed(list(life.live)):
            life.remove(address)
            assert life.found(address) == [], f"{address} is deleted and is found"
            life.remove(address)

    def test_what_was_never_there_can_be_deleted(self, life: Life) -> None:
        life.make_all()
        for address, live in list(life.live.items()):
            nowhere = replace(live, ref=Ref(kind=live.ref.kind, id=f"{live.ref.id}-nowhere"))
            life.ended(life.begin(life.deletion(address, nowhere)))
        for address, live in life.live.items():
            assert life.kinds[address.kind].read([live.ref]), f"{address} was deleted in the place of another"

    def test_no_secret_is_told(self, life: Life) -> None:
        """Neither in what is pending, which is written down, nor in what is read, compared or judged."""
        referred = {v.name for r in life.resources() for v in r.properties.values() if isinstance(v, SecretRef)}
        if not referred:
            pytest.skip("not offered: no compiled resource refers to a secret")
        canary = "canary-4f1d9e"
        life.shelf.secrets.update(dict.fromkeys(referred, canary))
        for resource in life.resources():
            step, kind = life.creation(resource), life.kinds[resource.address.kind]
            pending = life.begin(step)
            live = life.finish(step, pending)
            told = (pending, live, kind.managed(step.desired or resource, live), kind.health(step.desired or resource, live))
            assert canary not in repr(told), f"{resource.address}: a secret's value is told"
