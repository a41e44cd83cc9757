"""Recurrent nets: layers of LSTM or GRU over a sequence, and a classifier of the last state."""

from __future__ import annotations

from pathlib import Path

from benchmarks.models.network import Subject, new_network, normal

_GATES = {"LSTM": 4, "GRU": 3}
_CLASSES = 12


def recurrent_net(
    folder: Path, name: str, operator: str, *, steps: int, features: int, hidden: int, layers: int = 1, seed: int = 0
) -> Subject:
    """A sequence of `steps` positions with so many features each, batch first as exporters have it."""
    network, gates = new_network(seed), _GATES[operator]
    last = network.add("Transpose", network.input("sequence", "batch", steps, features), perm=[1, 0, 2])
    inputs = features
    for _ in range(layers):
        weights = [network.random_weight(1, gates * hidden, size, inputs=hidden) for size in (inputs, hidden)]
        bias = network.random_weight(1, 2 * gates * hidden, inputs=hidden)
        last = network.add(operator, last, *weights, bias, hidden_size=hidden)
        last = network.add("Squeeze", last, network.integers(1))
        inputs = hidden
    state = network.add("Gather", last, network.index(-1), axis=0)
    path = network.save(folder / f"{name}.onnx", network.dense(state, hidden, _CLASSES), ("batch", _CLASSES))
    return Subject(name=name, path=path, inputs=normal("sequence", steps, features))
