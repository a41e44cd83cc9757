"""What an artifact store keeps, in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from infractl.domain.kept import KeptArtifact, Pruning
from infractl.report.table_text import table
from infractl.units import format_bytes

_SHORT = 12


def artifacts_text(kept: Sequence[KeptArtifact]) -> str:
    if not kept:
        return "The artifact store is empty.\n"
    rows = [(a.digest[:_SHORT], format_bytes(a.size_bytes), f"{a.since:%Y-%m-%d}", _made(a), _used(a)) for a in kept]
    return "\n".join(table(("artifact", "size", "since", "made by", "used by"), rows, right=(1,))) + "\n"


def artifact_text(kept: KeptArtifact) -> str:
    lines = [
        kept.digest,
        f"  size     {format_bytes(kept.size_bytes)}",
        f"  since    {kept.since:%Y-%m-%d %H:%M} UTC",
        f"  made by  {_made(kept)}",
        *(f"  made of  {source}" for source in kept.sources),
        *(f"  used by  {service}" for service in kept.used_by or ("nothing that is recorded",)),
    ]
    return "\n".join(lines) + "\n"


def pruning_text(pruning: Pruning) -> str:
    if not pruning.artifacts and not pruning.records:
        return "Nothing is old enough and unused.\n"
    told = artifacts_text(pruning.artifacts) if pruning.artifacts else ""
    sizes = f"{len(pruning.artifacts)} artifacts and {len(pruning.records)} records, {format_bytes(pruning.bytes)}"
    return f"{told}To be removed: {sizes}.\n"


def _made(kept: KeptArtifact) -> str:
    return ", ".join(kept.recipes) or "as given"


def _used(kept: KeptArtifact) -> str:
    first, *others = kept.used_by or ("",)
    return f"{first} and {len(others)} more" if others else first
