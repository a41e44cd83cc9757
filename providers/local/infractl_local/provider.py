"""What the entry point `local` names: the services of a project as processes of this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from infractl.domain.offer import Offer
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled
from infractl.provider.contract import Context, Kind, Provider, Target
from infractl.provider.schema import Schema
from infractl_local import artifact, machine, route, server
from infractl_local.compile import compile_deployment
from infractl_local.directory import RunDirectory
from infractl_local.settings import LocalSettings


class LocalProvider:
    """Satisfies `infractl.provider.contract.Provider`."""

    name: str = "local"
    contract: int = 1
    settings: type[BaseModel] = LocalSettings
    kinds: Mapping[str, Schema] = {
        artifact.KIND: artifact.SCHEMA,
        server.KIND: server.SCHEMA,
        route.KIND: route.SCHEMA,
    }

    def offers(self, target: Target) -> Sequence[Offer]:
        return (machine.offer(target.name),)

    def compile(self, deployment: Deployment, target: Target) -> Compiled:
        assert isinstance(target.settings, LocalSettings)
        return compile_deployment(deployment, target.settings)

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        run = RunDirectory(context.directory, target.name)
        return {
            artifact.KIND: artifact.Artifact(run, context.blobs),
            server.KIND: server.Server(run, context.clock),
            route.KIND: route.Route(run),
        }


provider: Provider = LocalProvider()
