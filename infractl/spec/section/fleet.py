"""`budgets` and `policies` of infractl.yaml: what holds for many services at once."""

from collections.abc import Mapping
from typing import Annotated, Literal

from infractl.domain.hardware_class import HardwareClass
from infractl.spec.quantity import Amount, Share
from infractl.spec.schema.field import Section, option, required
from infractl.spec.schema.shape import Items
from infractl.spec.text import LabelKey, LabelValue, Name, Region, Word


class FleetBudget(Section):
    """What all services with these labels may cost together."""

    labels: Mapping[LabelKey, LabelValue] = required("The labels that a service must have to count.", example="{team: risk}")
    monthly: Amount = required("The most that they may cost a month.", example="5000 USD")


class Requirement(Section):
    """What a service must declare."""

    labels: tuple[LabelKey, ...] = option("Labels that it must have.", default=(), example="[team, cost-center]")
    sha256: bool = option("Its model must be pinned by digest.", default=False)
    validation: bool = option("It must have validation data.", default=False)
    auth: bool = option("It must ask callers for a key.", default=False)
    protect: bool = option("It must be protected from being destroyed.", default=False)
    budget: bool = option("It must have a monthly budget.", default=False)


class Allowance(Section):
    """What a service may use; what is left out is not limited."""

    targets: tuple[Name, ...] | None = option("Targets.", default=None, example="[onprem]")
    classes: tuple[HardwareClass, ...] | None = option("Hardware classes.", default=None, example="[cpu, gpu]")
    regions: tuple[Region, ...] | None = option("Regions.", default=None, example="[eu-west-1]")
    monthly: Amount | None = option("The most that one service may cost a month.", default=None, example="2000 USD")
    increase: Share | None = option("The most by which one plan may raise a service's cost.", default=None, example="20%")


class Policy(Section):
    """A rule of the project for its services. A plan that breaks it is refused with exit code 6."""

    name: Name = required("The policy's name.", example="pinned-models")
    why: Word | None = option(
        "The reason, which is shown to whoever breaks it.", default=None, example="Audits ask for the digest."
    )
    environments: Annotated[tuple[Name, ...], Items(least=1)] | None = option(
        "Environments that it holds in; all where it is left out.", default=None, example="[production]"
    )
    labels: Mapping[LabelKey, LabelValue] = option(
        "Labels of the services that it holds for.", default={}, example="{tier: critical}"
    )
    require: Requirement = option("What a service must declare.", default=Requirement(), example="{sha256: true, labels: [team]}")
    allow: Allowance = option("What a service may use.", default=Allowance(), example="{regions: [eu-west-1]}")
    enforce: Literal["refuse", "warn"] = option("Whether breaking it refuses the plan.", default="refuse")
