"""Whether a service's document fits the model that it names: its digest, the sizes of its requests, and what is promised."""

from __future__ import annotations

from collections.abc import Sequence

from infractl.errors import Diagnostic, ModelError, Severity
from infractl.spec.load import LoadedService


def check_digest(loaded: LoadedService, digest: str) -> None:
    """Raises ModelError where the document pins another file."""
    pinned = loaded.service.model.sha256
    if pinned is not None and pinned != digest:
        path = loaded.model_path
        raise ModelError.of(
            "model-digest",
            summary="the model file is not the one that the service names",
            detail=f"{path.name if path else loaded.name} has sha256 {digest}",
            at=loaded.mark("spec.model.sha256"),
            remedy="restore the file, or set spec.model.sha256 to its digest",
        )


def check_shapes(loaded: LoadedService, dimensions: Sequence[str]) -> None:
    """A misspelt dimension would leave the true one as large as nobody said. Raises ModelError."""
    unknown = [name for name in loaded.service.spec.traffic.shapes if name not in dimensions]
    if not unknown:
        return
    raise ModelError(
        *(
            Diagnostic(
                slug="dimension-unknown",
                severity=Severity.error,
                summary="the model has no dimension of this name",
                detail=f"{name}, where its dynamic dimensions are {', '.join(dimensions) or 'none'}",
                at=loaded.mark(f"spec.traffic.shapes.{name}"),
                remedy="name one of them, or leave it out",
            )
            for name in unknown
        )
    )


def check_promises(loaded: LoadedService) -> None:
    """Of tokens that nothing predicts nothing can be promised. Raises ModelError."""
    slo = loaded.service.spec.slo
    asked = {
        "ttft": bool(slo.ttft.limits_s),
        "tpot": bool(slo.tpot.limits_s),
        "tokenThroughput": slo.token_throughput is not None,
    }
    told = [
        Diagnostic(
            slug="slo-of-tokens",
            severity=Severity.error,
            summary="tokens are promised of a model whose tokens nothing predicts",
            detail=f"slo.{name} is predicted of a language model with its config.json, and not of an ONNX graph",
            at=loaded.mark(f"spec.slo.{name}") or loaded.mark("spec.slo"),
            remedy=f"remove slo.{name}, or promise slo.latency or slo.throughput instead",
        )
        for name, is_asked in asked.items()
        if is_asked
    ]
    if told:
        raise ModelError(*told)
