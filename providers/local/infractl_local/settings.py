"""What a target of this provider may say in `infractl.yaml`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Port = Annotated[int, Field(ge=1024, le=65535)]


class LocalSettings(BaseModel):
    """The target's options. A port that is not named is any free one, and stays the service's as long as it can."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expose: bool = Field(default=False, description="Allows an address that other machines can reach.", examples=[True])
    host: str = Field(default="127.0.0.1", min_length=1, description="The address to listen on.", examples=["0.0.0.0"])
    ports: dict[str, Port] = Field(
        default={}, description="Fixed ports, by service name; the others get any free one.", examples=[{"fraud": 8100}]
    )

    @field_validator("host")
    @classmethod
    def _stays_on_this_machine(cls, host: str, others: ValidationInfo) -> str:
        """`expose` is declared first, so that it is known here, and the problem stands at the host."""
        if not others.data.get("expose", True) and not _loopback(host):
            raise ValueError(
                f"other machines can reach {host}: write 127.0.0.1, ::1 or localhost, or add expose: true if that is meant"
            )
        return host

    @field_validator("ports")
    @classmethod
    def _one_service_a_port(cls, ports: dict[str, Port]) -> dict[str, Port]:
        if len(set(ports.values())) < len(ports):
            raise ValueError("two services are given the same port: give each its own")
        return ports


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
