"""What is said of a file that is no sound model: it cannot be opened, it was not copied whole, or it was made so."""

from __future__ import annotations

from pathlib import Path

from infractl.errors import ModelError


def unopened(path: Path, detail: str) -> ModelError:
    return ModelError.of(
        "model-unreadable",
        summary="the model file cannot be read",
        detail=detail,
        at=str(path),
        remedy="name the model's file, and let this user read it",
    )


def damaged(path: Path, detail: str) -> ModelError:
    return ModelError.of(
        "model-unreadable",
        summary="the model file cannot be read",
        detail=detail,
        at=str(path),
        remedy="export the model again, and check that the whole file was copied (git lfs pull, where it is kept in LFS)",
    )


def unsound(path: Path, detail: str) -> ModelError:
    """The file is whole: to copy it once more would not help."""
    return ModelError.of(
        "model-unreadable",
        summary="the model file cannot be read",
        detail=detail,
        at=str(path),
        remedy="mend this where the model is made, in its export or in a script that edits it, and write the file anew",
    )
