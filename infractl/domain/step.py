"""One call to a provider, what it leaves pending, and how that ends."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.action import Action
from infractl.domain.address import Address, Owner
from infractl.domain.resource import Live, Ref, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A create, update or delete. `key` is the same when an apply begins the step again; `desired` has every Output resolved.

    A later apply's key is another one: it begins a step again only once nothing of the first try is seen.

    A create's `desired` has what the schema ignores, to begin with: as it lived, where the object is a successor. An update's has
    not: it stays as it lives.
    """

    action: Action
    key: str
    address: Address
    owner: Owner
    desired: Resource | None
    prior: Live | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A call that was accepted. `token` is whatever the kind needs to ask for it again, after a crash as well.

    Without one nothing is under way: what the call made is there, and is found by its labels.
    """

    ref: Ref
    action: Action
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Not ended; `detail` for people, `after_s` until it is worth asking again."""

    detail: str = ""
    after_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Ended well. `ref` is the object's, which may differ from the pending one."""

    ref: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Ended badly. `detail` says what happened, `remedy` what to do, `live` what is there now, in words."""

    detail: str
    remedy: str = ""
    live: str = ""
