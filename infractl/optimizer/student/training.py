"""Trains students with PyTorch: `python -m infractl.optimizer.student.training DIRECTORY`, whose interpreter needs PyTorch and
NumPy alone.

The directory holds `job.json` and `lesson.npz`; `weights-0.npz`, `weights-1.npz`, ... come into it, a file a student. The loss is
that of Hinton et al., "Distilling the Knowledge in a Neural Network" (2015): the divergence of the softened answers, at
temperature 3; for shares of their own the cross-entropy, for plain values the squared error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_TEMPERATURE = 3.0
_BATCH = 128
_PEAK_RATE = 4e-3
_WEIGHT_DECAY = 1e-3


def main(directory: Path) -> None:
    import numpy as np
    import torch

    job = json.loads((directory / "job.json").read_bytes())
    torch.set_num_threads(job["threads"])
    torch.use_deterministic_algorithms(True)
    with np.load(directory / "lesson.npz") as kept:
        inputs, targets = torch.from_numpy(kept["inputs"]), torch.from_numpy(kept["targets"])
    for number, layers in enumerate(job["students"]):
        torch.manual_seed(job["seed"])
        model = _network(layers)
        _train(model, inputs, targets, job["form"], job["epochs"])
        np.savez(directory / f"weights-{number}.npz", **_weights(model, layers))


def _network(layers: Sequence[Mapping[str, Any]]) -> Any:
    """By the layers' positions: those with weights bear them as names, and what stands between has none."""
    from torch import nn

    made = nn.Sequential()
    final = max(position for position, layer in enumerate(layers) if layer["kind"] == "dense")
    for position, layer in enumerate(layers):
        match layer["kind"]:
            case "conv":
                kernel, stride = layer["kernel"], layer["stride"]
                conv = nn.Conv2d(layer["inputs"], layer["outputs"], kernel, stride, kernel // 2, bias=False)
                made.add_module(str(position), conv)
                made.add_module(f"{position}-norm", nn.BatchNorm2d(layer["outputs"]))
                made.add_module(f"{position}-active", nn.ReLU())
            case "pool":
                made.add_module(str(position), nn.AdaptiveAvgPool2d(1))
            case "flatten":
                made.add_module(str(position), nn.Flatten())
            case "dense":
                made.add_module(str(position), nn.Linear(layer["inputs"], layer["outputs"]))
                if position < final:
                    made.add_module(f"{position}-active", nn.ReLU())
    return made


def _train(model: Any, inputs: Any, targets: Any, form: str, epochs: int) -> None:
    """AdamW, its rate up and down once (Smith, "Super-Convergence", 2018). A last batch too small to normalize is left out."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=_PEAK_RATE, weight_decay=_WEIGHT_DECAY, fused=True)
    size = min(_BATCH, len(inputs))
    steps = epochs * (len(inputs) // size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _PEAK_RATE, total_steps=steps)
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(inputs)).split(size):
            if len(rows) < size:
                continue
            loss = _loss(model(inputs[rows]), targets[rows], form)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def _loss(answers: Any, targets: Any, form: str) -> Any:
    from torch.nn import functional

    if form == "shares":
        return functional.binary_cross_entropy_with_logits(answers, targets)
    if form == "values":
        return functional.mse_loss(answers, targets)
    soft = functional.log_softmax(answers / _TEMPERATURE, dim=1)
    wanted = functional.log_softmax(targets / _TEMPERATURE, dim=1)
    return functional.kl_div(soft, wanted, reduction="batchmean", log_target=True) * _TEMPERATURE**2


def _weights(model: Any, layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A convolution's normalization is folded into it, and dense weights are [inputs, outputs]."""
    parts: dict[str, Any] = dict(model.named_children())
    found: dict[str, Any] = {}
    for position, layer in enumerate(layers):
        part = parts[str(position)]
        if layer["kind"] == "dense":
            weight, bias = part.weight.T, part.bias
        elif layer["kind"] == "conv":
            norm = parts[f"{position}-norm"]
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            weight, bias = part.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale
        else:
            continue
        found[f"{position}.weight"] = weight.detach().contiguous().numpy()
        found[f"{position}.bias"] = bias.detach().contiguous().numpy()
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
