"""A provider's settings in words, whatever its model looks like."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from infractl.provider.setting import look_up, settings_of


class Network(BaseModel):
    subnets: list[str] = Field(description="Where instances stand.", examples=[["subnet-1"]])
    open: bool = False


class Settings(BaseModel):
    region: str = Field(description="Where it is.", examples=["us-east-1"])
    tier: Literal["small", "large"] = "small"
    network: Network | None = None
    timeouts: dict[str, Annotated[int, Field(ge=1, le=60)]] = {}
    retries: Annotated[int, Field(ge=0)] | Literal["forever"] = 3


def test_each_setting_has_its_sort_its_default_and_what_is_inside() -> None:
    settings = {s.key: s for s in settings_of(Settings)}

    assert {key: s.sort for key, s in settings.items()} == {
        "region": "text",
        "tier": "small or large",
        "network": "mapping",
        "timeouts": "mapping, each a whole number from 1 to 60",
        "retries": "whole number of at least 0 or forever",
    }
    assert [key for key, s in settings.items() if s.required] == ["region"]
    assert (settings["region"].example, settings["region"].text) == ("us-east-1", "Where it is.")
    assert settings["retries"].default == 3
    assert [s.key for s in settings["network"].inside] == ["subnets", "open"]


def test_a_setting_is_found_by_its_path() -> None:
    found = look_up(settings_of(Settings), ("network", "subnets"))

    assert found is not None
    assert (found.sort, found.required, found.example) == ("list, each a text", True, ["subnet-1"])
    assert look_up(settings_of(Settings), ("network", "region")) is None
