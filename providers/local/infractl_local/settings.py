"""What a target of this provider may say in `infractl.yaml`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Port = Annotated[int, Field(ge=1024, le=65535)]


class LocalSettings(BaseModel):
    """The target's options. A port that is not named is any free one, and stays the service's as long as it can."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(default="127.0.0.1", min_length=1, description="The address to listen on.", examples=["0.0.0.0"])
    expose: bool = Field(default=False, description="Allows an address that other machines can reach.", examples=[True])
    ports: dict[str, Port] = Field(
        default={}, description="Fixed ports, by service name; the others get any free one.", examples=[{"fraud": 8100}]
    )

    @model_validator(mode="after")
    def _stays_on_this_machine(self) -> Self:
        if not self.expose and not _loopback(self.host):
            raise ValueError("host can be reached by other machines: use 127.0.0.1, or set expose: true if that is meant")
        return self

    @model_validator(mode="after")
    def _one_service_a_port(self) -> Self:
        if len(set(self.ports.values())) < len(self.ports):
            raise ValueError("two services are given the same port: each needs its own")
        return self


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
