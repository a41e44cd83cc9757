"""What is known of a model's calls once it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infractl.runtime.load import load


@pytest.mark.parametrize("batch", ["batch", 2])
def test_a_call_is_timed_where_only_the_batch_is_free(
    batch: str | int, make_mlp: Callable[..., Path], release_settings: Any, tmp_path: Path
) -> None:
    loaded = load(release_settings(make_mlp(tmp_path / "m.onnx", batch=batch), max_batch=4, instances=2))

    assert len(loaded.sessions) == 2
    assert loaded.call_s is not None and loaded.call_s > 0


def test_a_call_whose_size_is_up_to_the_client_is_not_timed(busy_model: Path, release_settings: Any) -> None:
    assert load(release_settings(busy_model)).call_s is None


def test_without_warming_up_nothing_is_timed(make_mlp: Callable[..., Path], release_settings: Any, tmp_path: Path) -> None:
    assert load(release_settings(make_mlp(tmp_path / "m.onnx"), warmup=0)).call_s is None
