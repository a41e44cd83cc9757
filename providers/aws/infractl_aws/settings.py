"""What a target of SageMaker may say in `infractl.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

REGION = r"[a-z]{2}(-[a-z]+)+-\d+"

Region = Annotated[str, Field(pattern=rf"^{REGION}$")]
Role = Annotated[str, Field(pattern=r"^arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$")]
"""As the service model of botocore has it for RoleArn."""


class Network(BaseModel):
    """A VpcConfig, with the limits that the service model of botocore has for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subnets: tuple[str, ...] = Field(
        min_length=1, max_length=16, description="Where its containers are reached from.", examples=[["subnet-0a1b2c3d"]]
    )
    security_group_ids: tuple[str, ...] = Field(
        alias="securityGroupIds", min_length=1, max_length=5, description="What may reach them.", examples=[["sg-0a1b2c3d"]]
    )


class SageMakerSettings(BaseModel):
    """The target's options."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Region = Field(description="Where its endpoints are, and its prices hold.", examples=["us-east-1"])
    role: Role | None = Field(
        default=None,
        description="The execution role of its models; no plan needs it.",
        examples=["arn:aws:iam::123456789012:role/inference"],
    )
    network: Network | None = Field(default=None, description="The network of its models; no plan needs it.")


class LambdaSettings(BaseModel):
    """The target's options."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Region = Field(description="Where its functions run, and its prices hold.", examples=["us-east-1"])
