"""Run in the environment `torch`: trains a residual net on digits, and writes its convolutions, each with the normalization
behind it folded in, and its last layer. Arguments: an npz with `images` and `labels`, the npz to write, and how many epochs.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional

_WIDTHS = (32, 64, 128)
_BLOCKS = 2
_BATCH = 64
_PEAK_RATE = 3e-3


class Normalized(nn.Module):
    """A convolution and its batch normalization."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.norm(self.convolution(images))

    def folded(self) -> tuple[np.ndarray, np.ndarray]:
        """Weight and bias of the one convolution that does what both do."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        weight = self.convolution.weight * scale[:, None, None, None]
        return weight.detach().numpy(), (self.norm.bias - self.norm.running_mean * scale).detach().numpy()


class Residual(nn.Module):
    """Its convolutions stand in `layers` in the order in which `forward` takes them: stem, then by block two and a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Normalized(1, _WIDTHS[0])])
        self.shortcuts: list[int | None] = []
        inputs = _WIDTHS[0]
        for stage, width in enumerate(_WIDTHS):
            for block in range(_BLOCKS):
                stride = 2 if stage and not block else 1
                self.layers += [Normalized(inputs, width, stride=stride), Normalized(width, width)]
                changes = inputs != width
                self.shortcuts.append(len(self.layers) if changes else None)
                if changes:
                    self.layers.append(Normalized(inputs, width, kernel=1, stride=stride))
                inputs = width
        self.head = nn.Linear(inputs, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        last = functional.relu(self.layers[0](images))
        position = 1
        for shortcut in self.shortcuts:
            way = self.layers[position + 1](functional.relu(self.layers[position](last)))
            beside = last if shortcut is None else self.layers[shortcut](last)
            position += 2 if shortcut is None else 3
            last = functional.relu(way + beside)
        return self.head(last.mean((2, 3)))


def _moved(images: torch.Tensor) -> torch.Tensor:
    """Each batch by up to two pixels."""
    down, right = (int(torch.randint(-2, 3, ())) for _ in range(2))
    padded = functional.pad(images, (2, 2, 2, 2))
    return padded[:, :, 2 + down : 30 + down, 2 + right : 30 + right]


def main() -> None:
    given, made, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.manual_seed(0)
    # Two threads that wait for each other lose most where others compute as well.
    torch.set_num_threads(1)
    with np.load(given) as kept:
        images, labels = torch.from_numpy(kept["images"])[:, None], torch.from_numpy(kept["labels"])
    model = Residual()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    steps = epochs * -(-len(images) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _PEAK_RATE, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(_BATCH):
            loss = functional.cross_entropy(model(_moved(images[rows])), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    arrays = {"head_weight": model.head.weight.detach().numpy().T, "head_bias": model.head.bias.detach().numpy()}
    for number, layer in enumerate(model.layers):
        arrays[f"weight_{number}"], arrays[f"bias_{number}"] = layer.folded()
    np.savez(made, **arrays)


if __name__ == "__main__":
    main()
