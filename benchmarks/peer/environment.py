"""Where peers are installed: an environment of its own for each list of packages in this folder, made by `make peers`."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
MISSING = "run make peers"
"""Why a figure against a peer is absent."""


def installed(name: str) -> Path | None:
    """The folder of commands of the environment from `NAME.txt`; None where it is not there, or older than its list."""
    folder, wanted = ROOT / "build" / "peers" / name, Path(__file__).with_name(f"{name}.txt")
    stamp = folder / "installed"
    return folder / "bin" if stamp.exists() and stamp.stat().st_mtime >= wanted.stat().st_mtime else None


def installed_version(name: str, package: str) -> str:
    """The version of a package in the environment `name`, which must be there."""
    places = [str(place) for place in (ROOT / "build" / "peers" / name).glob("lib/python*/site-packages")]
    return next(found.version for found in distributions(name=package, path=places))
