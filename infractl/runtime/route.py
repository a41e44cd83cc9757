"""The public port's paths: what each means and which methods it takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from urllib.parse import unquote

from infractl.runtime.http import path_of


class Page(Enum):
    """What a path leads to."""

    server = "server"
    live = "live"
    ready = "ready"
    metrics = "metrics"
    model = "model"
    model_ready = "model-ready"
    infer = "infer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`model` is the model's name in the path, `version` the version's word where the path has one."""

    page: Page
    model: str | None = None
    version: str | None = None
    methods: tuple[str, ...] = ("GET", "HEAD")


# A request costs one look-up; the bound keeps strangers' paths from filling the memory.
@lru_cache(maxsize=128)
def find_route(target: bytes) -> Route | None:
    """The route of a request's target as it was sent: a `/` within a name is written `%2F`."""
    segments = [unquote(segment.decode("latin-1")) for segment in path_of(target).rstrip(b"/").split(b"/")[1:]]
    match segments:
        case ["v2"]:
            return Route(page=Page.server)
        case ["v2", "health", "live"]:
            return Route(page=Page.live)
        case ["v2", "health", "ready"]:
            return Route(page=Page.ready)
        case ["metrics"]:
            return Route(page=Page.metrics)
        case ["v2", "models", model, "versions", version, *rest]:
            return _of_model(rest, model, version)
        case ["v2", "models", model, *rest]:
            return _of_model(rest, model, None)
        case _:
            return None


def _of_model(rest: list[str], model: str, version: str | None) -> Route | None:
    match rest:
        case []:
            return Route(page=Page.model, model=model, version=version)
        case ["ready"]:
            return Route(page=Page.model_ready, model=model, version=version)
        case ["infer"]:
            return Route(page=Page.infer, model=model, version=version, methods=("POST",))
        case _:
            return None
