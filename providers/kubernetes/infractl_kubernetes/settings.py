"""What a target of Kubernetes may say in `infractl.yaml`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class KubernetesSettings(BaseModel):
    """The target's options."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: str = Field(
        default="on-premises", min_length=1, description="Where the cluster is, in your words.", examples=["frankfurt"]
    )
    context: str | None = Field(
        default=None, min_length=1, description="The kubeconfig's context; no plan needs it.", examples=["production"]
    )
    namespace: str = Field(
        default="default",
        min_length=1,
        max_length=63,
        description="The namespace; no plan needs it.",
        examples=["models"],
    )
