"""The sorts of hardware that a service may be placed on."""

from __future__ import annotations

from enum import StrEnum


class HardwareClass(StrEnum):
    cpu = "cpu"
    gpu = "gpu"
    tpu = "tpu"
    neuron = "neuron"
    serverless = "serverless"
    edge = "edge"
