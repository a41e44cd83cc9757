"""Objects as they are wanted, as they were recorded, and as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.address import Address
from infractl.domain.value import Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A provider's own id of one object of a kind."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What is wanted at an address. `depends_on` names what must be there first, besides what its Outputs name.

    `ignores` are the paths, as in `domain.attribute_pattern`, whose live value stays as it is once the object is there.
    """

    address: Address
    properties: Properties
    depends_on: tuple[Address, ...] = ()
    ignores: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What a provider says is there: its properties, computed ones included, and its labels."""

    ref: Ref
    properties: Properties
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What infractl last applied at an address: `properties`, with every Output resolved, and `outputs`, as then read back.

    `labelled`: the object carries its owner's labels. One that was imported, or whose service was renamed, gets them next.
    """

    address: Address
    target: str
    ref: Ref
    properties: Properties
    outputs: Properties
    depends_on: tuple[Address, ...]
    labelled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """An object that carries a service's labels, of this address, and is not recorded. There may be several of an address."""

    address: Address
    target: str
    live: Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A deployment in a provider's objects, and what the service shows to its users (`url`), as values with Outputs."""

    resources: tuple[Resource, ...]
    outputs: Properties
