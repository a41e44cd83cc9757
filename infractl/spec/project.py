"""The `infractl.yaml` document: the project's name, its targets and its stores."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from infractl.spec.service import Name, Section


class TargetEntry(Section):
    """A target's provider; every other key is the provider's own setting, which the provider's model validates."""

    model_config = ConfigDict(extra="allow", frozen=True)

    provider: str = Field(min_length=1, description="The provider plugin: the name of an entry point in infractl.providers.")

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.__pydantic_extra__ or {})


class StoreEntries(Section):
    """Where the project remembers. Each is a directory, relative to infractl.yaml."""

    state: str = Field(default=".infractl/state", description="State documents, one a service.")
    artifacts: str = Field(default=".infractl/artifacts", description="Model files by digest.")
    measurements: str = Field(default=".infractl/measurements", description="What bench measured.")
    run: str = Field(default=".infractl/run", description="What runs on this machine: sockets, logs, served files.")


class Project(Section):
    project: Name = Field(description="The project's name: the first part of every address.")
    targets: dict[Name, TargetEntry] = Field(
        default={"local": TargetEntry(provider="local")}, description="Places that services may run at, by name."
    )
    stores: StoreEntries = Field(default=StoreEntries(), description="Where state, artifacts and measurements are kept.")
