"""What to write instead of a key that is not known where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any

from infractl.spec.schema.field import shape_at
from infractl.spec.schema.shape import Shape
from infractl.spec.service import InferenceService
from infractl.spec.telling.fit import proposal
from infractl.spec.telling.other_tools import elsewhere, near, of_a_root, sentence, sibling
from infractl.spec.telling.remedy import holds_hidden
from infractl.spec.telling.spelling import unusual_character
from infractl.spec.telling.suggest import closest, did_you_mean
from infractl.spec.validate import Finding, dotted

_A_SLIP = 0.8
"""How like a key is that must be meant, whatever other places or tools have."""

_MOST_HOMES = 3
_LEAST_SHARED = 2
"""Keys that a place in the same section of a service shares with another: `spec.slo`."""


def known_key(finding: Finding) -> str:
    """A key of this place, the places that have this key, or what other tools' users mean by it; what is near comes first."""
    if remedy := unusual_character(finding.name):
        return remedy
    homes = " or ".join(_nearest_homes(finding))
    if slip := closest(finding.name, finding.known, _A_SLIP):
        return f"did you mean {slip}?" + (f" {finding.name} itself belongs at {homes}" if homes else "")
    near_homes = homes if max(map(_shared(finding), finding.homes), default=0) >= _LEAST_SHARED else ""
    if remedy := _unwrapped(finding) or _here(finding) or (f"move it: this key belongs at {near_homes}" if near_homes else ""):
        return remedy
    if _in_a_service(finding) and (remedy := _elsewhere(finding)):
        return remedy
    if homes:
        return f"move it: this key belongs at {homes}"
    return did_you_mean(finding.name, finding.known, "remove it, or use one of")


def _unwrapped(finding: Finding) -> str:
    """A mapping that holds what belongs right here: `rollbackOn: {latency: {p99: 20ms}}`."""
    value = _value(finding)
    if isinstance(value, Mapping) and value and all(key in finding.known for key in value):
        keys = " and ".join(map(str, value))
        return f"write {keys} directly in {dotted(finding.path[:-1])}, without {finding.name}"
    return ""


def _here(finding: Finding) -> str:
    """What is meant by a key of other tools in this mapping."""
    section = str(finding.path[-2]) if len(finding.path) > 1 else ""
    told = of_a_root(finding.name, finding.known) if len(finding.path) == 1 else near(finding.name, section)
    if told is None and len(finding.path) == 1 and "overlay" in finding.known:
        return _of_an_overlay(finding)
    key, _, example = (told or "").partition(": ")
    if told and key in finding.known:
        return f"write {told}" if example else f"did you mean {key}?"
    if told:
        return told
    beside = sibling(finding.name, finding.known, section)
    if beside and not isinstance(_value(finding), dict) and (idea := elsewhere(finding.name) or "").partition(": ")[2][:1] == "{":
        return _moved(finding, *idea.split(": ", 1))
    return f"did you mean {beside}?" if beside else ""


def _of_an_overlay(finding: Finding) -> str:
    """What an environment changes in services stands in its overlay, as it does in a service."""
    for inside in ((finding.name,), ("spec", finding.name)):
        if shape_at(InferenceService, inside):
            return f"move it into the overlay: overlay.{dotted(inside)} is for every service, and services.NAME for one"
    return ""


def _elsewhere(finding: Finding) -> str | None:
    """The place in a service that has what other tools call so, with the value that stands here."""
    root = finding.document.value["spec"]
    if finding.name == "schedule" and isinstance(root, dict) and (root.get("mode") == "batch" or "batch" in root):
        return _moved(finding, "spec.batch.cron", '"0 2 * * *"')
    told = elsewhere(finding.name)
    if told is None:
        return sentence(finding.name)
    return _moved(finding, *told.split(": ", 1))


def _moved(finding: Finding, path: str, example: str) -> str:
    shape = shape_at(InferenceService, tuple(path.split(".")))
    held = None if holds_hidden(finding) else _proposal(shape, _value(finding), path.rpartition(".")[2])
    return f"write {path}: {held or example}"


def _proposal(shape: Shape | None, value: Any, key: str) -> str | None:
    return None if isinstance(value, bool) else proposal(shape, value, key)


def _value(finding: Finding) -> Any:
    node = finding.document.node(finding.path)
    return node.value if node else None


def _in_a_service(finding: Finding) -> bool:
    """A target's settings are in other words, and so is infractl.yaml."""
    root = finding.document.value
    return isinstance(root, dict) and "spec" in root and finding.path[:1] in (("spec",), ("metadata",))


def _shared(finding: Finding) -> Callable[[str], int]:
    """How many keys a place shares with the one where the key stands, from the root on."""
    here = [str(part) for part in finding.path[:-1]]

    def shared(home: str) -> int:
        pairs = zip(re.split(r"[.\[\]]+", home), here, strict=False)
        return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))

    return shared


def _nearest_homes(finding: Finding) -> tuple[str, ...]:
    """The places that have this key, as many as can be told at once: those that share most with its own, and the least deep."""
    # `spec.models.NAME` has all that `spec.model` has, and is longer to tell.
    homes = [h for h in finding.homes if h.replace("spec.models.NAME.", "spec.model.") in (h, "")]
    shared = _shared(finding)
    best = max(map(shared, homes), default=0)
    nearest = [h for h in homes if shared(h) == best]
    least = min((h.count(".") for h in nearest), default=0)
    return tuple(h for h in nearest if h.count(".") == least)[:_MOST_HOMES]
