"""The models of MLPerf that placements are compared on: their profiles, of networks made here, kept as data: making takes long.

`python -m benchmarks.placement.model` makes `data/mlperf-models.json` again. Of BERT-large two layers are made, with random
weights as everything here: the others are like the second, and the file of all would take 1.3 GB.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.architectures.bert import bert
from benchmarks.architectures.resnet50 import resnet50
from benchmarks.models.transformer import Encoder
from benchmarks.placement.mlperf import DATA
from infractl.domain.polynomial import Polynomial
from infractl.domain.profile import Execution, ModelProfile, OperatorCost
from infractl.domain.work import Family
from infractl.profile.onnx import profile_onnx
from infractl.tensors import Dtype, Signature, TensorSpec

FILE = DATA / "mlperf-models.json"
LAYERS = 24
TOKENS = 177
"""The mean of a question with its text, see `data/mlperf.yaml`."""

ON_PROCESSORS, ON_ACCELERATORS = "executed", "given"


def bert_large(layers: int) -> Encoder:
    """Devlin et al., 2018: 24 layers of 1024 with 16 heads; MLPerf's reads up to 384 tokens."""
    return Encoder(layers=layers, width=1024, heads=16, words=30522, longest=512)


def made() -> Mapping[str, Any]:
    """What the file holds: of each model every operator's cost as a function of the batch, with how many cost the same."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(resnet50().SerializeToString())
        resnet = profile_onnx(path, path.parent)
        berts = [bert_profile(layers, Path(folder)) for layers in (1, 2)]
    fixed = {"sequence": float(TOKENS)}
    return {
        "resnet50": {name: _counted(_execution(resnet, name), {}) for name in (ON_ACCELERATORS, ON_PROCESSORS)},
        "bert_large": {
            name: _counted(grown(_execution(berts[0], name), _execution(berts[1], name), LAYERS), fixed)
            for name in (ON_ACCELERATORS, ON_PROCESSORS)
        },
    }


def bert_profile(layers: int, folder: Path) -> ModelProfile:
    path = folder / f"bert_{layers}.onnx"
    path.write_bytes(bert(bert_large(layers)).SerializeToString())
    return profile_onnx(path, folder)


def _execution(profile: ModelProfile, name: str) -> Sequence[OperatorCost]:
    return (profile.run if name == ON_PROCESSORS else profile.given).operators


def grown(one: Sequence[OperatorCost], two: Sequence[OperatorCost], layers: int) -> list[OperatorCost]:
    """The operators of so many layers, from those of one and of two: what the latter has more of is a layer."""
    rest, layer = list(map(_line, one)), []
    for operator in two:
        if (line := _line(operator)) in rest:
            rest.remove(line)
        else:
            layer.append(operator)
    return [*one, *((layers - 1) * layer)]


def _line(operator: OperatorCost) -> list[Any]:
    counts = (operator.flops, operator.activation_bytes, operator.steps)
    terms = [sorted((list(names), number) for names, number in count.terms.items()) for count in counts]
    return [operator.family, operator.operator, operator.kernel, operator.dtype, operator.weight_bytes, *terms]


def _counted(operators: Sequence[OperatorCost], sizes: Mapping[str, float]) -> list[Any]:
    """family, operator, element type, bytes of weights, operations and bytes of activations by powers of the batch, how many."""
    found: dict[str, int] = {}
    for operator in operators:
        counts = [_powers(count, sizes) for count in (operator.flops, operator.activation_bytes)]
        line = [operator.family, operator.operator, operator.dtype, operator.weight_bytes, *counts]
        found[json.dumps(line)] = found.get(json.dumps(line), 0) + 1
    return [[*json.loads(line), count] for line, count in found.items()]


def _powers(count: Polynomial, sizes: Mapping[str, float]) -> list[float]:
    found = [0.0, 0.0]
    for names, number in count.terms.items():
        for name in names:
            number *= sizes.get(name, 1.0)
        found[sum(name == "batch" for name in names)] += number
    return found


@cache
def profiles() -> Mapping[str, ModelProfile]:
    """By name, from the file."""
    return {name: _profile(name, lines) for name, lines in json.loads(FILE.read_text()).items()}


def _profile(name: str, lines: Mapping[str, Sequence[Any]]) -> ModelProfile:
    given, executed = (Execution(operators=tuple(_operators(lines[kind]))) for kind in (ON_ACCELERATORS, ON_PROCESSORS))
    weights = sum(operator.weight_bytes for operator in given.operators)
    batched = TensorSpec(name="input", dtype=Dtype.float32, shape=("batch",))
    return ModelProfile(
        format="onnx",
        digest=name,
        size_bytes=int(weights),
        signature=Signature(inputs=(batched,), outputs=(batched,)),
        batch="batch",
        parameters=int(weights / 4),
        weights_bytes=weights,
        given=given,
        executed=executed,
    )


def _operators(lines: Sequence[Any]) -> list[OperatorCost]:
    return [
        OperatorCost(
            name=operator,
            operator=operator,
            family=Family(family),
            dtype=Dtype(dtype),
            flops=_polynomial(flops),
            weight_bytes=weights,
            activation_bytes=_polynomial(moved),
        )
        for family, operator, dtype, weights, flops, moved, count in lines
        for _ in range(count)
    ]


def _polynomial(powers: Sequence[float]) -> Polynomial:
    return Polynomial({("batch",) * power: number for power, number in enumerate(powers) if number})


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1) + "\n")
