"""Whose a running server is: one that another owner's files name is left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.step import Step
from infractl.errors import ProviderError
from infractl_local import standing
from infractl_local.directory import ServiceDirectory
from infractl_local.process import Identity


def labels_of(step: Step) -> Mapping[str, str]:
    """What the step's object carries if it is the owner's: one that goes may carry the name that its service had before."""
    there = step.prior.labels if step.action is Action.delete and step.prior else {}
    return there if step.owner.owned(there, step.address) else step.owner.labels(step.address)


def refuse_foreign(files: ServiceDirectory, labels: Mapping[str, str], address: Address, running: Sequence[Identity]) -> None:
    """Raises ProviderError where a file says that the processes are another's. Where none tells, they are the directory's own."""
    theirs = standing.labels(files)
    if theirs in ({}, labels):
        return
    raise ProviderError.of(
        "foreign-server",
        summary="a server of another owner runs in this service's directory",
        detail=f"process {running[0].pid} in {files.path} belongs to lineage {theirs.get('infractl-lineage', 'unknown')}",
        at=str(address),
        remedy=f"destroy that service with the state that it belongs to, or end process {running[0].pid} if nobody needs it",
    )
