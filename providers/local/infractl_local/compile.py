"""A deployment as this provider's objects: the model's copy, a server, and the route that makes it answer. Pure."""

from __future__ import annotations

from dataclasses import asdict

from infractl.domain.address import Address
from infractl.domain.release import Deployment, Release
from infractl.domain.resource import Compiled, Resource
from infractl.domain.value import Blob, Output, Properties
from infractl.errors import ProviderError
from infractl_local import artifact, route, server
from infractl_local.release import options_of
from infractl_local.settings import LocalSettings

GRACE_S = 10.0
"""How long a stopping server may take to finish the requests that it has."""

NAME_DIGITS = 12
"""Of a digest, in an artifact's name: enough that two versions of one service never meet."""


def compile_deployment(deployment: Deployment, settings: LocalSettings) -> Compiled:
    """Raises ProviderError for a candidate beside the stable release, which this provider cannot serve."""
    if deployment.candidate is not None:
        raise ProviderError.of(
            "rollout-not-offered",
            summary="this provider does not serve a candidate beside the stable release",
            detail=f"version {deployment.candidate.version} is a candidate",
            at=deployment.service,
            remedy="roll the new version out at once, or use a target whose provider shares traffic",
        )
    release = deployment.stable
    model = _address(deployment, artifact.KIND, release.artifact.digest[:NAME_DIGITS])
    process = _address(deployment, server.KIND, server.NAME)
    answer = _address(deployment, route.KIND, route.NAME)
    port = settings.ports.get(deployment.service, server.ANY_PORT)
    return Compiled(
        resources=(
            Resource(
                address=model,
                properties={"digest": Blob(release.artifact.digest), "size_bytes": release.artifact.size_bytes},
            ),
            Resource(address=process, properties={"host": settings.host, "port": port, "grace_s": GRACE_S}),
            # It finds the model by its digest; that the copy must be there first is said here.
            Resource(address=answer, properties=_route(release, process), depends_on=(model, process)),
        ),
        outputs={"url": Output(answer, "url"), "model": deployment.service, "infer": Output(answer, "infer")},
    )


def _route(release: Release, process: Address) -> Properties:
    return {
        "server": Output(process, "instance"),
        "version": release.version,
        "digest": release.artifact.digest,
        "engine": release.artifact.recipe.engine,
        "config": asdict(release.config),
        **options_of(release.artifact.recipe.options),
    }


def _address(deployment: Deployment, kind: str, name: str) -> Address:
    return Address(
        project=deployment.project, environment=deployment.environment, service=deployment.service, kind=kind, name=name
    )
