"""Profiles in the user's cache, by the content of what they were made from and by what made them: this code, onnx, the engine.

What is damaged, foreign or of another format is made anew, and a cache that cannot be written costs the time to do so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from infractl import __version__
from infractl.domain.profile import ModelProfile
from infractl.errors import StateError
from infractl.state.cache import cache_directory
from infractl.state.codec import canonical, decode, digest, encode
from infractl.state.file import make_directory, replace_file

_ROOM = Path(__file__).parent


def kept(*parts: bytes) -> ModelProfile | None:
    """The profile that is kept for this content."""
    return _read(_file(parts))


def cached(parts: Iterable[bytes], make: Callable[[], ModelProfile]) -> ModelProfile:
    """The profile that is kept for this content, or the one that `make` makes, which is kept then."""
    file = _file(parts)
    if known := _read(file):
        return known
    made = make()
    # No room, no permission, or a file where the directory should be: it is made again the next time.
    with suppress(StateError, OSError, ValueError):
        make_directory(file.parent)
        profile = encode(made)
        replace_file(file, canonical({"name": file.stem, "digest": digest(profile), "profile": profile}))
    return made


def _file(parts: Iterable[bytes]) -> Path:
    key = sha256(canonical([__version__, _code(), *map(_version, ("onnx", "onnxruntime"))]))
    for part in parts:
        key.update(sha256(part).digest())
    return cache_directory() / "profiles" / f"{key.hexdigest()}.json"


def _read(file: Path) -> ModelProfile | None:
    try:
        found = json.loads(file.read_bytes())
        if not isinstance(found, dict) or found.get("name") != file.stem or found.get("digest") != digest(found.get("profile")):
            return None
        return decode(ModelProfile, found["profile"])
    except (OSError, ValueError, RecursionError):
        return None


@cache
def _code() -> str:
    """A digest of the rules: whoever betters one never sees what the old one found."""
    code = sha256()
    for place in (_ROOM, _ROOM.parent / "domain"):
        for file in sorted(place.rglob("*.py")):
            code.update(file.read_bytes())
    return code.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
