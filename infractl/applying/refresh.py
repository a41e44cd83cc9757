"""Reads what lives: what is recorded by its ref, what is not by its labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from threading import Semaphore
from typing import TypeVar

from infractl.applying.connection import READERS, Connections, kind_of
from infractl.applying.joined_read import JoinedRead
from infractl.applying.wait import Waiting, retried
from infractl.domain.address import Address, Owner, unlabelled
from infractl.domain.resource import Live, Orphan, Recorded, Ref
from infractl.errors import Diagnostic, Diagnostics, ProviderError, TransientProviderError

T = TypeVar("T")

MOST_AHEAD = 200
"""Objects of several services that are read with one call: it must end within a kind's limit, be they read one by one inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What lives at the addresses that were asked for, what else carries the owner's labels, and what is deposed.

    Ids are a target's own, so what is deposed is keyed by target and ref. `foreign` are recorded objects that carry another
    owner's labels: they are not ours to change. One that carries nobody's is ours: it was imported, or has lost them; and so is
    what carries those of the name that the service had before.
    """

    live: Mapping[Address, Live]
    orphans: Sequence[Orphan]
    deposed: Mapping[tuple[str, Ref], Live]
    foreign: Mapping[Address, Live]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to read: the recorded and the deposed objects by ref; and, by their labels, objects of these targets' kinds."""

    owner: Owner
    recorded: Sequence[Recorded]
    deposed: Sequence[Recorded]
    sought: frozenset[tuple[str, str]]


def read_ahead(recorded: Iterable[Recorded], connections: Connections, waiting: Waiting) -> None:
    """Read the objects of many services with few calls for each kind, before `refresh` asks for those of each.

    What no kind of the connections is of is left out. Raises TransientProviderError where a provider does not answer.
    """
    refs: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for record in recorded:
        if record.target in connections and record.address.kind in connections[record.target].kinds:
            refs[record.target, record.address.kind].append(record.ref)
    with _readers() as readers:
        reading = [
            readers.submit(connections[target].reads[kind].read_before, group[start : start + MOST_AHEAD], waiting)
            for (target, kind), group in refs.items()
            for start in range(0, len(group), MOST_AHEAD)
        ]
        for each in reading:
            each.result()


@contextmanager
def _readers() -> Iterator[ThreadPoolExecutor]:
    """After an error, or Ctrl-C, nobody waits for the rest: a provider may not answer for a long time."""
    readers = ThreadPoolExecutor(READERS)
    try:
        yield readers
    except BaseException:
        readers.shutdown(wait=False, cancel_futures=True)
        raise
    readers.shutdown()


def _in_turn(turns: Semaphore, call: Callable[[], T]) -> T:
    with turns:
        return call()


def refresh(question: Question, connections: Connections, waiting: Waiting) -> Observed:
    """Read and look up, many at once; a provider that is asked too often is asked again. Raises ProviderError."""
    refs: dict[tuple[str, str], dict[Ref, Address]] = defaultdict(dict)
    for record in (*question.recorded, *question.deposed):
        refs[record.target, record.address.kind][record.ref] = record.address
    with _readers() as readers:

        def ask(target: str, call: Callable[[], T]) -> Future[T]:
            return readers.submit(_in_turn, connections[target].turns, call)

        kinds = {key: kind_of(connections, *key) for key in (*refs, *question.sought)}
        before = {(target, kind): connections[target].reads[kind].answered([*group]) for (target, kind), group in refs.items()}
        reading = {
            (target, kind): readers.submit(_read, connections[target].reads[kind], group, waiting)
            for (target, kind), group in refs.items()
            if before[target, kind] is None
        }
        finding = {
            (target, kind): ask(target, partial(retried, partial(kinds[target, kind].find, question.owner), waiting))
            for target, kind in sorted(question.sought)
        }
        read = {key: reading[key].result() if answer is None else answer for key, answer in before.items()}
        lives = {(target, ref): live for (target, _), found in read.items() for ref, live in found.items()}
        candidates = [(target, live) for (target, _), future in finding.items() for live in future.result()]
    owner = question.owner
    recorded = {r.address: lives[r.target, r.ref] for r in question.recorded if (r.target, r.ref) in lives}
    waiting_for_labels = {r.address for r in question.recorded if not r.labelled}
    foreign = {
        address: live
        for address, live in recorded.items()
        if owner.owns(live.labels) != address
        and not unlabelled(live.labels)
        and not (address in waiting_for_labels and owner.owned(live.labels, address))
    }
    live = {address: live for address, live in recorded.items() if address not in foreign}
    deposed = {(r.target, r.ref): lives[r.target, r.ref] for r in question.deposed if (r.target, r.ref) in lives}
    known = {(r.target, r.ref) for r in (*question.recorded, *question.deposed)}
    orphans = [
        Orphan(address=address, target=target, live=candidate)
        for target, candidate in candidates
        if (address := owner.owns(candidate.labels)) is not None and (target, candidate.ref) not in known
    ]
    orphans.sort(key=lambda o: (o.address, o.target, o.live.ref.id))
    return Observed(live=live, orphans=orphans, deposed=deposed, foreign=foreign)


def _read(kind: JoinedRead, addresses: Mapping[Ref, Address], waiting: Waiting) -> Mapping[Ref, Live]:
    """What lives of them. A provider that breaks on one of several is asked for each alone: whoever mends it must know which.

    Raises ProviderError with the address of each that cannot be read.
    """
    try:
        return kind.read([*addresses], waiting)
    except ProviderError as error:
        if isinstance(error, TransientProviderError):
            raise
        if len(addresses) == 1:
            ((address),) = addresses.values()
            raise type(error)(*(_of(d, address) for d in error.diagnostics)) from error
    lives: dict[Ref, Live] = {}
    problems = Diagnostics()
    for ref, address in addresses.items():
        try:
            lives.update(_read(kind, {ref: address}, waiting))
        except ProviderError as error:
            problems.extend(error.diagnostics)
    problems.raise_errors(ProviderError)
    return lives


def _of(diagnostic: Diagnostic, address: Address) -> Diagnostic:
    """With the address for a place: a provider knows an object by its own words."""
    elsewhere = diagnostic.at if diagnostic.at != str(address) else None
    return replace(diagnostic, at=str(address), detail=": ".join(str(part) for part in (elsewhere, diagnostic.detail) if part))


def adopted(observed: Observed, wanted: Mapping[Address, str], recorded: Sequence[Recorded]) -> Observed:
    """`observed` with one orphan of each address that is wanted where it is (address to target) counted among what lives.

    Not where anything is recorded at its address, though that be gone: a record tells of another object, maybe elsewhere.
    """
    known = {r.address for r in recorded}
    taken: dict[Address, Live] = {}
    left: list[Orphan] = []
    for orphan in observed.orphans:
        address = orphan.address
        if wanted.get(address) == orphan.target and address not in known and address not in taken:
            taken[address] = orphan.live
        else:
            left.append(orphan)
    return replace(observed, live={**observed.live, **taken}, orphans=left)
