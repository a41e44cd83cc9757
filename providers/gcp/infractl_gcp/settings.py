"""What a target of Vertex AI may say in `infractl.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Region = Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+\d+$")]
ProjectId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]


class VertexSettings(BaseModel):
    """The target's options."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Region = Field(description="Where its endpoints are, and its prices hold.", examples=["us-central1"])
    project: ProjectId | None = Field(
        default=None, description="The id of the Google Cloud project; no plan needs it.", examples=["shop-inference"]
    )


class CloudRunSettings(BaseModel):
    """The target's options."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Region = Field(description="Where its services run, and its prices hold.", examples=["us-central1"])
