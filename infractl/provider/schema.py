"""What a kind says of its attributes: all that diff needs to know about a provider's object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from infractl.domain.value import Properties, Redacted, SecretRef

CALL_S = 60.0
"""How long one call of a plugin may take."""
OPERATION_S = 1800.0
"""How long one operation may take: Vertex deploys take up to 20 minutes."""
SHOWS_S = 15.0
"""How long `find` may not show yet what was made: the indexes of clouds are eventually consistent."""


class Replacement(StrEnum):
    """The order in which a replaced object is made and deleted."""

    create_first = "create-first"
    delete_first = "delete-first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One top-level attribute.

    `replaces`: it cannot be changed in place. `computed`: the provider fills it in, so it is never a diff.
    `sensitive`: a resource may hold it as a SecretRef only, and what lives is redacted. `unordered_by`: a list whose order
    means nothing, keyed by this member ("" for a list of plain values). `ignored`: others own it, such as an autoscaler; a
    create is given it to begin with (as it lived, where it replaces another), an update is not, and it is not compared unless the
    user asks.
    """

    replaces: bool = False
    computed: bool = False
    sensitive: bool = False
    unordered_by: str | None = None
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """The attributes of a kind; one that is not listed is an ordinary attribute that can be changed in place.

    `named_by_service`: an object's id is made from its service's name, so that one of a renamed service is made anew; else an
    update writes the new name's labels.
    `call_s` is how long a call of `read`, `find`, `begin` or `poll` may take, `operation_s` how long what was begun may take.
    `shows_s` is how long after a create `find` may not show the object yet: 0 where it shows at once.
    """

    attributes: Mapping[str, Attribute]
    replacement: Replacement = Replacement.delete_first
    call_s: float = CALL_S
    operation_s: float = OPERATION_S
    shows_s: float = SHOWS_S
    named_by_service: bool = False

    def of(self, attribute: str) -> Attribute:
        return self.attributes.get(attribute, _ORDINARY)

    def redacted(self, properties: Properties) -> Properties:
        """The properties with sensitive values taken out; a reference to a secret is none."""
        return {
            name: Redacted() if self.of(name).sensitive and not isinstance(value, SecretRef) else value
            for name, value in properties.items()
        }


_ORDINARY = Attribute()
