"""Profiles and cases that are made once a session."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infractl.domain.profile import ModelProfile
from infractl.profile.onnx import profile_onnx
from tests.placement.decision.case import Case
from tests.placement.decision.model import made


@pytest.fixture(scope="session")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Case]:
    """The case of a name, decided once."""
    folder, profiles, cases = tmp_path_factory.mktemp("decisions"), dict[str, ModelProfile](), dict[str, Case]()

    def profile(model: str) -> ModelProfile:
        if model not in profiles:
            path = made(model, folder)
            profiles[model] = profile_onnx(path, folder)
            path.unlink()
        return profiles[model]

    def case(name: str) -> Case:
        if name not in cases:
            place = folder / name
            place.mkdir()
            cases[name] = Case(name=name, folder=place, profiles=profile)
        return cases[name]

    return case
