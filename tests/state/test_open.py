"""Stores are opened by the names in infractl.yaml: directories, or the schemes of installed plugins."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infractl.clock import SystemClock
from infractl.errors import UsageError
from infractl.state.open import open_stores

PLUGIN = """
class Stores:
    def state(self, url, clock):
        return ("state", url)

    def artifacts(self, url, clock):
        return ("artifacts", url)

    def measurements(self, url, clock):
        return ("measurements", url)


memory = Stores()
"""


def opened(root: Path, **names: str):
    given = {"state": "s", "artifacts": "a", "measurements": "m", "run": "run"} | names
    return open_stores(root, **given, clock=SystemClock())


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution whose stores are named memory://, and one that cannot be imported."""
    site = tmp_path / "site"
    metadata = site / "memory_stores-1.dist-info"
    metadata.mkdir(parents=True)
    (site / "memory_stores.py").write_text(PLUGIN)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: memory-stores\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[infractl.stores]\nmemory = memory_stores:memory\nbroken = nowhere_at_all:Stores\n"
    )
    monkeypatch.syspath_prepend(str(site))
    yield
    sys.modules.pop("memory_stores", None)


def test_plain_names_are_directories_beside_the_project_file(tmp_path: Path, key, state) -> None:
    stores = opened(tmp_path, state=".infractl/state", artifacts=str(tmp_path / "elsewhere"))
    assert list(tmp_path.iterdir()) == []
    model = tmp_path / "model.onnx"
    model.write_bytes(b"weights")

    stores.state.write(key, state(1), expected_serial=0, epoch=stores.state.lock(key, "infractl apply").epoch)
    digest = stores.artifacts.put(model)

    assert (tmp_path / ".infractl" / "state" / "shop" / "prod" / "fraud" / "state.json").is_file()
    assert stores.artifacts.path(digest).is_relative_to(tmp_path / "elsewhere")
    assert stores.measurements.list() == ()
    assert stores.run == tmp_path / "run"


def test_a_scheme_is_opened_by_the_plugin_that_has_it(tmp_path: Path, plugin) -> None:
    stores = opened(tmp_path, state="memory://one", measurements="memory://two")

    assert stores.state == ("state", "memory://one")
    assert stores.measurements == ("measurements", "memory://two")


def test_a_scheme_that_nobody_has_is_refused_with_those_that_are_there(tmp_path: Path, plugin) -> None:
    with pytest.raises(UsageError) as caught:
        opened(tmp_path, artifacts="s3://bucket/models")

    [problem] = caught.value.diagnostics
    assert problem.slug == "store-scheme"
    assert "s3://" in problem.detail
    assert "broken, memory" in problem.detail


def test_a_plugin_that_cannot_be_imported_is_named(tmp_path: Path, plugin) -> None:
    with pytest.raises(UsageError, match="nowhere_at_all"):
        opened(tmp_path, state="broken://x")
