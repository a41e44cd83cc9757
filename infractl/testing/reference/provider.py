"""What an entry point of the reference provider names. Nobody is offered it: `infractl.testing.plugin` registers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from infractl.domain.address import Address
from infractl.domain.offer import Offer, Purchase, Rate
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled, Resource
from infractl.domain.value import Blob, Output, SecretRef
from infractl.hardware.this_machine import this_chip
from infractl.provider.contract import Context, Kind, Provider, Target
from infractl.provider.schema import Schema
from infractl.testing.reference.cloud import Cloud
from infractl.testing.reference.kind import SCHEMAS, ReferenceEndpoint, ReferenceKind
from infractl.testing.reference.part import LARGEST, parts

DIGEST_DIGITS = 12


class ReferenceSettings(BaseModel):
    """A target's options."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: Path = Field(description="Where the provider's process has its files.")
    zone: str = Field(default="one", description="Another zone replaces the endpoint.")
    zones: tuple[str, ...] = Field(
        default=("one", "two"), description="Other zones change it in place; their order means nothing."
    )
    key: str = Field(default="", description="The environment variable that holds the endpoint's key.")
    parts: int = Field(default=0, ge=0, le=LARGEST, description="Further objects of each service, which depend on each other.")


class ReferenceProvider:
    """Satisfies `infractl.provider.contract.Provider`."""

    name: str = "reference"
    contract: int = 1
    settings: type[BaseModel] = ReferenceSettings
    kinds: Mapping[str, Schema] = SCHEMAS

    def offers(self, target: Target) -> Sequence[Offer]:
        chip = this_chip()
        rate = Rate(
            metric="instance",
            unit="hour",
            price=Decimal("0.10"),
            currency="USD",
            source="the reference provider's own",
            date=date(2026, 1, 1),
        )
        return (
            Offer(
                name="reference",
                target=target.name,
                chip=chip,
                count=1,
                region="nowhere",
                purchase=Purchase.on_demand,
                tariff=(rate,),
                host_memory_bytes=chip.memory_bytes,
                available=1,
            ),
        )

    def compile(self, deployment: Deployment, target: Target) -> Compiled:
        settings = target.settings
        assert isinstance(settings, ReferenceSettings)
        releases = [deployment.stable, *([deployment.candidate] if deployment.candidate else [])]
        disks = {r.artifact.digest: _address(deployment, "disk", r.artifact.digest[:DIGEST_DIGITS]) for r in releases}
        config, endpoint = _address(deployment, "config", "main"), _address(deployment, "endpoint", "main")
        shares = [1 - deployment.share, deployment.share]
        variants = [
            {"name": word, "version": r.version, "disk": Output(disks[r.artifact.digest], "path"), "share": share}
            for word, r, share in zip(("stable", "candidate"), releases, shares, strict=False)
        ]
        key = {"key": SecretRef("env", settings.key)} if settings.key else {}
        return Compiled(
            resources=(
                *(
                    Resource(
                        address=disks[r.artifact.digest],
                        properties={"model": Blob(r.artifact.digest), "size_bytes": r.artifact.size_bytes},
                    )
                    for r in {r.artifact.digest: r for r in releases}.values()
                ),
                Resource(address=config, properties={"variants": variants, "serving": asdict(deployment.stable.config)}),
                Resource(
                    address=endpoint,
                    properties={
                        "config": Output(config, "arn"),
                        "zone": settings.zone,
                        "zones": list(settings.zones),
                        "replicas": deployment.stable.placement.replicas,
                        **key,
                    },
                ),
                *parts(config.key, settings.parts, settings.zone),
            ),
            outputs={"url": Output(endpoint, "url"), "model": deployment.service},
        )

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        assert isinstance(target.settings, ReferenceSettings)
        cloud = Cloud(target.settings.directory)
        sorts = {name: ReferenceEndpoint if name == "endpoint" else ReferenceKind for name in SCHEMAS}
        return {name: sort(name, cloud, context.blobs, context.secrets) for name, sort in sorts.items()}


def _address(deployment: Deployment, kind: str, name: str) -> Address:
    return Address(
        project=deployment.project, environment=deployment.environment, service=deployment.service, kind=kind, name=name
    )


provider: Provider = ReferenceProvider()
