"""A model's file, as bytes. What they mean is read elsewhere."""

from __future__ import annotations

from pathlib import Path

from infractl.errors import ModelError
from infractl.profile.flaw import unopened


def read_file(path: Path) -> bytes:
    """Raises ModelError where it is missing or cannot be read."""
    if not path.exists():
        raise ModelError.of(
            "model-missing",
            summary="there is no model file here",
            detail=f"{path} does not exist",
            at=str(path),
            remedy="correct spec.model.uri, or put the model there",
        )
    if not path.is_file():
        raise unopened(path, f"{path} is a directory" if path.is_dir() else f"{path} is no regular file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise unopened(path, error.strerror or str(error)) from error
