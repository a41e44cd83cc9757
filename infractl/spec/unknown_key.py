"""What to write instead of a key that is not known where it stands."""

from __future__ import annotations

import re
from itertools import takewhile

from infractl.spec.foreign import said_elsewhere
from infractl.spec.spelling import unusual_character
from infractl.spec.suggest import closest, did_you_mean
from infractl.spec.validate import Finding

_A_SLIP = 0.8
"""How like a key is that must be meant, whatever other places or tools have."""

_MOST_HOMES = 3


def known_key(finding: Finding) -> str:
    """A key of this place, the places that have this key, or what other tools' users mean by it."""
    if remedy := unusual_character(finding.name):
        return remedy
    homes = " or ".join(_nearest_homes(finding))
    if near := closest(finding.name, finding.known, _A_SLIP):
        return f"did you mean {near}?" + (f" {finding.name} itself belongs at {homes}" if homes else "")
    if _in_a_service(finding) and (remedy := said_elsewhere(finding.name, finding.known)):
        return remedy
    if homes:
        return f"move it: this key belongs at {homes}"
    return did_you_mean(finding.name, finding.known, "remove it, or use one of")


def _in_a_service(finding: Finding) -> bool:
    """A target's settings are in other words, and so is infractl.yaml."""
    root = finding.document.value
    return isinstance(root, dict) and "spec" in root and finding.path[:1] in (("spec",), ("metadata",))


def _nearest_homes(finding: Finding) -> tuple[str, ...]:
    """The places that have this key, as many as can be told at once: those that share most with its own, and the least deep."""
    here = [str(part) for part in finding.path[:-1]]

    def shared(home: str) -> int:
        pairs = zip(re.split(r"[.\[\]]+", home), here, strict=False)
        return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))

    # `spec.models.NAME` has all that `spec.model` has, and is longer to tell.
    homes = [h for h in finding.homes if h.replace("spec.models.NAME.", "spec.model.") in (h, "")]
    best = max(map(shared, homes), default=0)
    near = [h for h in homes if shared(h) == best]
    least = min((h.count(".") for h in near), default=0)
    return tuple(h for h in near if h.count(".") == least)[:_MOST_HOMES]
