"""Decisions in the user's cache, by all that they were made from: what was decided before is not computed again.

What is damaged or of another version is made anew, and a cache that cannot be written costs the time to do so.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

from infractl import __version__
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer, Rate
from infractl.domain.placement import Decision, Placement
from infractl.domain.profile import ModelProfile
from infractl.domain.value import Json
from infractl.placement.sticky import identity
from infractl.spec.load import LoadedService
from infractl.state.cache import cache_directory
from infractl.state.codec import canonical, decode, digest, encode
from infractl.workflows.decision import decide

_CODE = ("placement", "domain", "spec/section", "spec/service.py", "tensors.py", "units.py")
"""Whose code makes a decision: whoever betters a rule never sees what the old one decided."""

_KEPT_S = 30 * 24 * 3600.0
"""Documents, calibrations and code change: what was decided so long ago is hardly asked for again, and is decided anew."""

_pruned: set[Path] = set()
_RATE = {field.name for field in fields(Rate)}


def spec_digest(loaded: LoadedService) -> str:
    """Of what a service asks for, whatever it is called."""
    return digest(loaded.document.value.get("spec"))


def decided(
    loaded: LoadedService,
    profile: ModelProfile | LanguageProfile,
    offers: Sequence[Offer],
    known: Measurements,
    recorded: Placement | None,
    hopeful: Sequence[str] = (),
) -> Decision:
    """The decision that is kept for all this, or the one that `place` makes of it, which is kept then; shortened both times."""
    made_from: Json = [
        spec_digest(loaded),
        digest(encode(profile)),
        [_undated(offer) for offer in offers],
        [digest(encode(c)) for c in known.calibrations.values()],
        [encode(m) for m in known.measurements],
        {chip: [encode(t) for t in tried] for chip, tried in known.tried.items()},
        repr(identity(recorded)) if recorded else None,
        sorted(hopeful),
    ]
    name = digest([__version__, _code(), made_from])
    file = cache_directory() / "decisions" / f"{name}.json"
    if before := _read(file, offers):
        return before
    from infractl.placement.shorten import LISTED, shortened

    made = shortened(decide(loaded.service, profile, offers, known, recorded, hopeful, listed=LISTED), recorded)
    with suppress(OSError, ValueError):
        _keep(file, made)
    return made


def _undated(offer: Offer) -> Json:
    """The day of a price decides nothing, and what is declared in infractl.yaml has today's."""
    return encode(replace(offer, tariff=tuple(replace(rate, date=date.min) for rate in offer.tariff)))


def _keep(file: Path, made: Decision) -> None:
    """Whole or not at all. It need not survive a power cut: what is torn then is not believed."""
    written = encode(made)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(canonical({"name": file.stem, "digest": digest(written), "decision": written}))
        temporary.replace(file)
        _prune(file)
    finally:
        temporary.unlink(missing_ok=True)


def _prune(written: Path) -> None:
    """Once a process: thousands of services write thousands of files."""
    if written.parent in _pruned:
        return
    _pruned.add(written.parent)
    oldest_s = written.stat().st_mtime - _KEPT_S
    for file in written.parent.iterdir():
        with suppress(OSError):
            if file.stat().st_mtime < oldest_s:
                file.unlink()


def _read(file: Path, offers: Sequence[Offer]) -> Decision | None:
    try:
        found = json.loads(file.read_bytes())
        if not isinstance(found, dict) or found.get("name") != file.stem or found.get("digest") != digest(found.get("decision")):
            return None
        dates = {_rate(encode(rate)): rate.date.isoformat() for offer in offers for rate in offer.tariff}
        return decode(Decision, _dated(found["decision"], dates))
    except (OSError, ValueError, RecursionError):
        return None


def _rate(json: Json) -> str | None:
    """Which rate this is, whatever its day; None for what is no rate."""
    if not isinstance(json, dict) or set(json) != _RATE:
        return None
    return digest({name: value for name, value in json.items() if name != "date"})


def _dated(json: Json, dates: Mapping[str | None, str]) -> Json:
    """With the days that the offers have now."""
    if isinstance(json, list):
        return [_dated(item, dates) for item in json]
    if not isinstance(json, dict):
        return json
    if (rate := _rate(json)) is not None:
        return {**json, "date": dates.get(rate, json["date"])}
    return {name: _dated(value, dates) for name, value in json.items()}


@cache
def _code() -> str:
    code, house = sha256(), Path(__file__).parents[1]
    for place in (house / name for name in _CODE):
        for file in sorted(place.rglob("*.py")) or [place]:
            code.update(file.read_bytes())
    return code.hexdigest()
