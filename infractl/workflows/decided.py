"""Decisions in the user's cache, by all that they were made from: what was decided before is not computed again.

What is damaged or of another version is made anew, and a cache that cannot be written costs the time to do so.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from infractl import __version__
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer
from infractl.domain.placement import Decision, Placement
from infractl.domain.profile import ModelProfile
from infractl.domain.value import Json
from infractl.placement.sticky import identity
from infractl.spec.load import LoadedService
from infractl.state.cache import cache_directory
from infractl.state.codec import canonical, decode, digest, encode

_ROOMS = ("placement", "domain", "spec/section")
"""Whose code makes a decision: whoever betters a rule never sees what the old one decided."""


def spec_digest(loaded: LoadedService) -> str:
    """Of what a service asks for, whatever it is called."""
    return digest(loaded.document.value.get("spec"))


def decided(
    loaded: LoadedService,
    profile: ModelProfile,
    offers: Sequence[Offer],
    known: Measurements,
    recorded: Placement | None,
) -> Decision:
    """The decision that is kept for all this, or the one that `place` makes of it, which is kept then."""
    made_from: Json = [
        spec_digest(loaded),
        digest(encode(profile)),
        [encode(offer) for offer in offers],
        [[c.chip, c.method, c.at.isoformat()] for c in known.calibrations.values()],
        [encode(m) for m in known.measurements],
        repr(identity(recorded)) if recorded else None,
    ]
    name = digest([__version__, _code(), made_from])
    file = cache_directory() / "decisions" / f"{name}.json"
    if before := _read(file):
        return before
    # What places takes as long to import as a short command lasts, and most find all decided.
    from infractl.placement.place import place

    made = place(loaded.service, profile, offers, known, recorded)
    with suppress(OSError, ValueError):
        _keep(file, made)
    return made


def _keep(file: Path, made: Decision) -> None:
    """Whole or not at all. It need not survive a power cut: what is torn then is not believed."""
    written = encode(made)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(canonical({"name": file.stem, "digest": digest(written), "decision": written}))
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _read(file: Path) -> Decision | None:
    try:
        found = json.loads(file.read_bytes())
        if not isinstance(found, dict) or found.get("name") != file.stem or found.get("digest") != digest(found.get("decision")):
            return None
        return decode(Decision, found["decision"])
    except (OSError, ValueError, RecursionError):
        return None


@cache
def _code() -> str:
    code, house = sha256(), Path(__file__).parents[1]
    for room in _ROOMS:
        for file in sorted((house / room).rglob("*.py")):
            code.update(file.read_bytes())
    return code.hexdigest()
