"""The provider: what it offers, what it makes of a deployment, and how it connects. What its objects are stands in `kind.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from infractl.domain.address import Address
from infractl.domain.offer import Offer, Purchase
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled, Resource
from infractl.domain.value import Blob, Output
from infractl.hardware.this_machine import this_chip
from infractl.provider.contract import Context, Kind, Provider, Target
from infractl.provider.schema import Schema
from infractl_folder.kind import SCHEMAS, Model, Note


class FolderSettings(BaseModel):
    """What a target says in infractl.yaml. Each description is shown to users."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(
        description="The folder that the server watches: absolute, or from where infractl is called.", examples=["served"]
    )


class FolderProvider:
    """Satisfies `infractl.provider.contract.Provider`: nothing is inherited."""

    name: str = "folder"
    contract: int = 1
    settings: type[BaseModel] = FolderSettings
    kinds: Mapping[str, Schema] = SCHEMAS

    def offers(self, target: Target) -> Sequence[Offer]:
        """The server runs on this machine, for which nobody is paid: there is no tariff, which is not a price of 0."""
        chip = this_chip()
        return (
            Offer(
                name="this machine",
                target=target.name,
                chip=chip,
                count=1,
                region="here",
                purchase=Purchase.owned,
                tariff=(),
                host_memory_bytes=chip.memory_bytes,
                available=1,
            ),
        )

    def compile(self, deployment: Deployment, target: Target) -> Compiled:
        """Pure. The note needs the model's path, which is known once the model is there: an Output says so."""
        release, digest = deployment.stable, deployment.stable.artifact.digest
        place = {"project": deployment.project, "environment": deployment.environment, "service": deployment.service}
        model, note = (Address(**place, kind=k, name=n) for k, n in (("model", digest[:12]), ("note", "main")))
        wanted = {"model": Output(model, "file"), "version": release.version, "config": asdict(release.config)}
        return Compiled(
            resources=(Resource(address=model, properties={"content": Blob(digest)}), Resource(address=note, properties=wanted)),
            outputs={"note": Output(note, "file")},
        )

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        """Where another provider would make its clients. Called when a command needs the target, and not before."""
        assert isinstance(target.settings, FolderSettings)
        folder = target.settings.path.resolve()
        return {"model": Model(folder, context.blobs), "note": Note(folder, context.blobs)}


provider: Provider = FolderProvider()
