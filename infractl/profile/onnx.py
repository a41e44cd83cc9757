"""The static profile of an ONNX file: signature, parameters, and each operator's cost as a function of the dynamic axes."""

from __future__ import annotations

from pathlib import Path

from infractl.domain.profile import ModelProfile
from infractl.profile.cached import kept
from infractl.profile.file import read_file


def profile_onnx(path: Path, project_root: Path) -> ModelProfile:
    """Profile the model at `path`: from the user's cache where its content is known there.

    Raises ModelError where it is missing, damaged, no ONNX, or has data outside the project.
    """
    data = read_file(path)
    if known := kept(data):
        # Kept under this content alone, it has nothing beside it: it need not be parsed, nor anything imported that does.
        return known
    from infractl.profile.content import profile_content

    return profile_content(data, path, project_root)
