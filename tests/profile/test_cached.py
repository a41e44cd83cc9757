"""A profile is made once for one content, and never wrongly taken for another's."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest

import infractl.engines.onnxruntime as engine
import infractl.profile.cached as cached
from infractl.errors import ModelError
from infractl.profile.graph import Graph
from infractl.profile.onnx import profile_onnx
from tests.profile.models import FLOAT, graph_of, model_of, node, save


@pytest.fixture
def evaluations(monkeypatch) -> list[str]:
    """One entry for each evaluation of a graph and each model that the engine opens."""
    seen: list[str] = []
    evaluate, opened = Graph.trace, engine.optimized_model
    monkeypatch.setattr(Graph, "trace", lambda *arguments: (seen.append("evaluated"), evaluate(*arguments))[1])
    monkeypatch.setattr(engine, "optimized_model", lambda path: (seen.append("opened"), opened(path))[1])
    return seen


def entries(directory: Path) -> list[Path]:
    return sorted((directory / "profiles").glob("*"))


def test_the_same_content_is_profiled_once(make_mlp, tmp_path: Path, evaluations: list[str]) -> None:
    first = profile_onnx(make_mlp(tmp_path / "a.onnx"), tmp_path)
    assert {"evaluated", "opened"} <= set(evaluations)
    evaluations.clear()

    again = profile_onnx(make_mlp(tmp_path / "elsewhere.onnx"), tmp_path)

    assert again == first
    assert evaluations == []


def test_another_content_has_another_profile(make_mlp, tmp_path: Path, own_cache: Path) -> None:
    path = tmp_path / "m.onnx"
    profile_onnx(make_mlp(path, (4, 8, 2)), tmp_path)

    assert profile_onnx(make_mlp(path, (4, 9, 2)), tmp_path).parameters == 4 * 9 + 9 + 9 * 2 + 2
    assert len(entries(own_cache)) == 2


@pytest.mark.parametrize("name", ["__version__", "_code"])
def test_another_version_of_what_makes_a_profile_makes_it_anew(
    make_mlp, tmp_path: Path, own_cache: Path, monkeypatch, name
) -> None:
    path = make_mlp(tmp_path / "m.onnx")
    profile_onnx(path, tmp_path)
    monkeypatch.setattr(cached, name, "next" if name == "__version__" else lambda: "next")

    profile_onnx(path, tmp_path)

    assert len(entries(own_cache)) == 2


def empty(file: Path) -> None:
    file.write_bytes(b"")


def torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def edited(file: Path) -> None:
    kept = json.loads(file.read_bytes())
    kept["profile"]["parameters"] = 1
    file.write_text(json.dumps(kept))


def foreign(file: Path) -> None:
    kept = json.loads(file.read_bytes())
    file.write_text(json.dumps({**kept, "name": "another"}))


def no_object(file: Path) -> None:
    file.write_text("[1]")


def nested(file: Path) -> None:
    file.write_text("[" * 100_000)


def directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("spoil", [empty, torn, edited, foreign, no_object, nested, directory], ids=lambda s: s.__name__)
def test_an_entry_that_cannot_be_trusted_is_made_anew(make_mlp, tmp_path: Path, own_cache: Path, spoil) -> None:
    path = make_mlp(tmp_path / "m.onnx")
    first = profile_onnx(path, tmp_path)
    (entry,) = entries(own_cache)
    spoil(entry)

    assert profile_onnx(path, tmp_path) == first


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(make_mlp, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INFRACTL_CACHE", str(tmp_path / "file" / "cache"))

    assert profile_onnx(make_mlp(tmp_path / "m.onnx"), tmp_path).parameters > 0


def with_weights_beside(path: Path, shape: list[int]) -> Path:
    weights = {"shape": np.array(shape), "w": np.ones((4, 8), np.float32)}
    nodes = [node("Reshape", "x shape", "rows"), node("MatMul", "rows w", "y")]
    model = model_of(graph_of(nodes, [("x", FLOAT, ["n", 8])], [("y", FLOAT, ["a", 8])], weights))
    onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    return path


def test_what_lies_beside_a_model_is_checked_each_time(tmp_path: Path) -> None:
    path = with_weights_beside(tmp_path / "m.onnx", [-1, 4])
    profile_onnx(path, tmp_path)
    (tmp_path / "w.bin").write_bytes(b"short")

    with pytest.raises(ModelError) as refused:
        profile_onnx(path, tmp_path)

    assert refused.value.diagnostics[0].slug == "model-data-missing"


def test_a_shape_beside_a_model_is_part_of_its_content(tmp_path: Path, own_cache: Path) -> None:
    path = with_weights_beside(tmp_path / "m.onnx", [-1, 4])
    profile_onnx(path, tmp_path)
    data = (tmp_path / "w.bin").read_bytes()
    (tmp_path / "w.bin").write_bytes(data.replace(np.array([-1, 4]).tobytes(), np.array([6, 4]).tobytes()))

    other = profile_onnx(path, tmp_path)

    assert other.sampled != () and len(entries(own_cache)) == 2
    assert other.flops.at({"n": 3}) == 2 * 6 * 4 * 8


PROFILE = """
import sys
from pathlib import Path
from infractl.profile.onnx import profile_onnx
print(profile_onnx(Path(sys.argv[1]), Path(sys.argv[1]).parent).flops)
"""


def test_what_is_kept_is_found_without_opening_the_model(make_mlp, tmp_path: Path, own_cache: Path) -> None:
    path = make_mlp(tmp_path / "m.onnx")
    profile_onnx(path, tmp_path)

    told = [sys.executable, "-c", PROFILE + "print('onnx' in sys.modules)", str(path)]
    done = subprocess.run(told, capture_output=True, text=True, check=True)

    assert done.stdout.split()[-1] == "False"


def test_processes_and_threads_that_profile_the_same_model_at_once_do_not_collide(
    make_mlp, tmp_path: Path, own_cache: Path
) -> None:
    path = make_mlp(tmp_path / "m.onnx")
    processes = [
        subprocess.Popen([sys.executable, "-c", PROFILE, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    with ThreadPoolExecutor(4) as threads:
        flops = {str(profile.flops) for profile in threads.map(lambda _: profile_onnx(path, tmp_path), range(8))}

    for process in processes:
        output, problem = process.communicate(timeout=60)
        assert process.returncode == 0, problem
        flops.add(output.strip())
    assert len(flops) == 1
    assert len(entries(own_cache)) == 1


def test_a_model_that_is_refused_leaves_no_entry(tmp_path: Path, own_cache: Path) -> None:
    path = save(model_of(graph_of([node("Relu", "nowhere", "y")], [("x", FLOAT, [1])], [("y", FLOAT, [1])])), tmp_path / "m.onnx")

    with pytest.raises(ModelError):
        profile_onnx(path, tmp_path)

    assert entries(own_cache) == []
