"""What a suite deploys: a small real model, releases of it, a request for it, and the blobs and secrets of a context."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infractl.domain.address import ServiceKey
from infractl.domain.artifact import Artifact
from infractl.domain.cost import Cost
from infractl.domain.figure import Basis, Figure
from infractl.domain.offer import Offer
from infractl.domain.placement import Placement, Prediction
from infractl.domain.recipe import AS_GIVEN
from infractl.domain.release import Deployment, Release, ServingConfig
from infractl.domain.value import SecretRef
from infractl.errors import ProviderError, StateError
from infractl.provider.secret import Secret
from infractl.tensors import Dtype, Signature, TensorSpec

SAMPLE_KEY = ServiceKey(project="shop", environment="default", service="fraud")
SIGNATURE = Signature(
    inputs=(TensorSpec(name="x", dtype=Dtype.float32, shape=("batch", 4)),),
    outputs=(TensorSpec(name="y", dtype=Dtype.float32, shape=("batch", 2)),),
)
REQUEST: Mapping[str, Any] = {
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 4], "data": [0.1, -0.2, 0.3, 0.4, 1.0, 2.0, -3.0, 4.0]}]
}
"""Two rows for the sample model, as an Open Inference Protocol request's body."""

SERVING: Mapping[str, Any] = {
    "max_batch": 4,
    "max_delay_s": 0.0,
    "instances": 1,
    "threads": 1,
    "max_concurrency": 64,
    "warmup": 1,
    "reject_non_finite": True,
}


def sample_model(path: Path, seed: int) -> Path:
    """Writes `y = relu(x @ w + b)` as an ONNX file, with weights drawn by `seed`."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    draw = np.random.default_rng(seed)
    weights = [
        numpy_helper.from_array(draw.normal(size=(4, 2)).astype(np.float32), "w"),
        numpy_helper.from_array(draw.normal(size=2).astype(np.float32), "b"),
    ]
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
        weights,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    return path


def sample_deployment(
    offer: Offer, digest: str, size_bytes: int, version: str = "1", key: ServiceKey = SAMPLE_KEY, **serving: Any
) -> Deployment:
    """A release of the model file with this digest on the offer; `serving` overrides its serving configuration."""
    figure = Figure(value=0.001, unit="s", low=0.001, high=0.001, basis=Basis.estimated, source="test")
    placement = Placement(
        offer=offer,
        recipe=AS_GIVEN,
        replicas=1,
        batch=4,
        instances=1,
        threads=1,
        prediction=Prediction(
            rate_per_s=20.0, latency_s={50: figure}, capacity_per_s=figure, memory_bytes=figure, utilization=0.1
        ),
        cost=Cost(floor=(), expected=(), ceiling=()),
    )
    artifact = Artifact(
        digest=digest, size_bytes=size_bytes, format="onnx", recipe=AS_GIVEN, signature=SIGNATURE, source_digest=digest
    )
    config = ServingConfig(**{**SERVING, **serving})
    release = Release(version=version, artifact=artifact, placement=placement, config=config)
    return Deployment(project=key.project, environment=key.environment, service=key.service, stable=release)


@dataclass
class Shelf:
    """Blobs and secrets as a context has them: files by digest, and secrets by name."""

    files: dict[str, Path] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def put(self, path: Path) -> str:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.files[digest] = path
        return digest

    def path(self, digest: str) -> Path:
        if digest not in self.files:
            raise StateError.of("artifact-missing", summary="the artifact store does not have this artifact", detail=digest)
        return self.files[digest]

    def resolve(self, ref: SecretRef) -> Secret:
        if ref.name not in self.secrets:
            raise ProviderError.of("secret-missing", summary="a secret is not there", detail=f"{ref.source} {ref.name}")
        return Secret(self.secrets[ref.name])
