"""What a replica takes of its host's memory."""

from __future__ import annotations

from collections.abc import Mapping

from infractl.domain.figure import Basis, Figure
from infractl.domain.profile import ModelProfile

SERVER_BYTES = 75 * 2**20
"""The server with a session over a tiny model: its resident set on Linux, by measurement."""

USABLE_SHARE = 0.9
"""Of the host's memory: the rest is the system's."""


def replica_memory(profile: ModelProfile, *, instances: int, batch: int, extents: Mapping[str, int] | None = None) -> Figure:
    """A server with `instances` sessions: each holds the weights, which the engine repacks, and activations at their peak."""
    activations = profile.peak_bytes(profile.sizes(batch, extents))
    least = SERVER_BYTES + instances * profile.size_bytes
    likely = SERVER_BYTES + instances * (1.5 * profile.size_bytes + activations)
    most = 1.5 * SERVER_BYTES + instances * (3 * profile.size_bytes + 2 * activations)
    return Figure(
        value=likely,
        unit="B",
        low=least,
        high=most,
        basis=Basis.estimated,
        source="the model's size for each session, up to three times where the engine repacks weights, and the server's own",
    )
