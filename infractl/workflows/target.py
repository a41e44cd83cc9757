"""`--target` and `--replace`: which services and addresses they mean, and a service's plan confined to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from infractl.domain.address import Address
from infractl.domain.plan import Notice, ServicePlan
from infractl.domain.steering import Steering
from infractl.errors import UsageError
from infractl.planning.narrow import narrow
from infractl.spec.telling.suggest import did_you_mean

MOST_NAMED = 10
"""In one sentence: of the rest, how many there are."""


def require_services(steering: Steering, services: Collection[str]) -> None:
    """Raises UsageError for an address whose service is not among them."""
    for option, name in (*(("--target", t) for t in steering.targets), *(("--replace", a) for a in steering.anew)):
        service, dot, rest = name.partition(".")
        if service not in services:
            raise _unknown(option, name, [f"{known}{dot}{rest}" for known in sorted(services)])
    for name in steering.anew:
        if not steering.covers(name.partition(".")[0]):
            raise _left_out(name)


def replaced(steering: Steering, service: str, wanted: Iterable[Address]) -> frozenset[Address]:
    """The service's addresses that are to be made anew. Raises UsageError for one at which nothing is declared."""
    known = {str(address): address for address in wanted}
    names = [name for name in steering.anew if name.partition(".")[0] == service]
    for name in names:
        if name not in known:
            raise _unknown("--replace", name, sorted(known))
    return frozenset(known[name] for name in names)


def confined(plan: ServicePlan, steering: Steering) -> ServicePlan:
    """The plan of the targets that are the service's, and what else they need.

    Raises UsageError for an address that it lacks, and for one to be replaced that is left out.
    """
    if not steering.targets or plan.key.service in steering.targets:
        return plan
    known = {str(c.address): c.address for c in plan.changes}
    names = [name for name in steering.targets if name.partition(".")[0] == plan.key.service]
    for name in names:
        if name not in known:
            raise _unknown("--target", name, [plan.key.service, *sorted(known)])
    changes, left_out = narrow(plan.changes, [known[name] for name in names])
    if not left_out:
        return plan
    for name in sorted({str(address) for address in left_out} & {*steering.anew}):
        raise _left_out(name)
    notice = Notice(code="left-out", text=f"--target leaves out what else is to change: {named(left_out)}")
    return replace(plan, changes=changes, left_out=left_out, partial=True, notices=(*plan.notices, notice))


def of_left_out(services: Sequence[str]) -> Iterator[Notice]:
    """Of services that nobody looked at."""
    if services:
        yield Notice(code="left-out", text=f"--target leaves out other services: {named(services)}")


def named(what: Sequence[object]) -> str:
    """In one sentence, the first `MOST_NAMED` of them."""
    more = len(what) - MOST_NAMED
    return ", ".join(map(str, what[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")


def _left_out(name: str) -> UsageError:
    return UsageError.of(
        "replace-left-out",
        summary="one option asks to replace what another leaves out",
        detail=f"--replace {name} is not among what --target names, nor needed by it",
        remedy=f"add --target {name}, or leave out --replace {name}",
    )


def _unknown(option: str, name: str, known: Sequence[str]) -> UsageError:
    return UsageError.of(
        "target-unknown",
        summary="an option names what is neither declared nor recorded here",
        detail=f"{option} {name}",
        remedy=did_you_mean(name, known, "name a service, or one of its objects as service.kind.name"),
    )
