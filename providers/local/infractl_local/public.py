"""A client of a server's public port: inference requests and metrics."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from infractl.errors import ProviderError, TransientProviderError
from infractl.protocol.refusal import read_reason
from infractl_local.metrics import summary

INFER_LIMIT_S = 120.0
METRICS_LIMIT_S = 2.0


def infer(url: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send one Open Inference Protocol request body and give the answer's."""
    answer = json.loads(_ask("POST", url, INFER_LIMIT_S, json.dumps(inputs).encode()))
    if not isinstance(answer, dict):
        raise ProviderError.of("infer-answer", summary="the server's answer is no inference answer", at=url)
    return answer


def metrics(url: str, version: str) -> Mapping[str, float]:
    """Requests, errors and latency percentiles of a version since the server started."""
    return summary(_ask("GET", f"{url}/metrics", METRICS_LIMIT_S).decode(), version)


def _ask(method: str, url: str, timeout_s: float, body: bytes | None = None) -> bytes:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request(method, parts.path, body, {"content-type": "application/json"} if body else {})
        answer = connection.getresponse()
        data = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise unreachable(url, f"{method} {url}: {error or type(error).__name__}") from error
    finally:
        connection.close()
    if answer.status >= 400:
        kind = TransientProviderError if answer.status in (429, 503) else ProviderError
        raise kind.of(
            "request-refused",
            summary="the service refused a request",
            detail=f"{answer.status} {read_reason(data)}",
            at=url,
            remedy="send what the model's signature asks for" if answer.status < 500 else "read the server's log",
        )
    return data


def unreachable(url: str, why: str) -> TransientProviderError:
    return TransientProviderError.of(
        "service-unreachable",
        summary="the service does not answer",
        detail=why,
        at=url,
        remedy="run infractl status to see whether it runs",
    )
