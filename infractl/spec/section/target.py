"""`targets` of infractl.yaml: where services may run, and what the machines there cost."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from infractl.domain.hardware_class import HardwareClass
from infractl.spec.quantity import Amount, Share, Size
from infractl.spec.schema.field import Section, fields_of, option, required
from infractl.spec.schema.shape import Items, Number, Text
from infractl.spec.text import Name, Word

if TYPE_CHECKING:
    from infractl.domain.machine_price import MachinePrice as DomainPrice


class MachinePrice(Section):
    """What one machine costs: a price an hour, or what it was bought for and what it draws."""

    per_hour: Amount | None = option("The price of an hour.", default=None, example="0.12 USD")
    capex: Amount | None = option("What it was bought for.", default=None, example="8000 USD")
    months: Annotated[int, Number(whole=True, least=1, most=240)] = option(
        "The months over which that is written off.", default=36
    )
    watts: Annotated[float, Number(least=0, most=1_000_000)] | None = option(
        "What it draws at work.", default=None, example="350"
    )
    per_kwh: Amount | None = option("The price of a kilowatt-hour.", default=None, example="0.30 USD")

    @property
    def declared(self) -> "DomainPrice":
        """The price as other rooms know it. The rules have seen to it that it is paid in one way, and that power has a price."""
        # Most commands read no price.
        from infractl.domain.machine_price import Bought, Power, Rented
        from infractl.domain.machine_price import MachinePrice as DomainPrice

        power = None
        if self.watts is not None and self.per_kwh is not None:
            # As it is written, and not the float that is nearest to it.
            power = Power(watts=Decimal(repr(self.watts)), per_kwh=self.per_kwh)
        if self.per_hour is not None:
            return DomainPrice(paid=Rented(per_hour=self.per_hour), power=power)
        assert self.capex is not None, "it is paid by the hour or was bought"
        return DomainPrice(paid=Bought(capex=self.capex, months=self.months), power=power)


class Machine(Section):
    """One sort of machine that a target has, where the provider cannot ask for it or for its price."""

    chip: Word | None = option("What computes in it: an accelerator, or the family of its processor.", default=None, example="L4")
    chips: Annotated[int, Number(whole=True, least=1, most=64)] = option("How many of these chips it has.", default=1)
    cpus: Annotated[int, Number(whole=True, least=1, most=4096)] | None = option(
        "Its processors, as its system counts them.", default=None, example="16"
    )
    ghz: Annotated[float, Number(least=0.1, most=10)] | None = option(
        "Their clock at work, in GHz, where the processor computes.", default=None, example="2.6"
    )
    memory: Size | None = option("Main memory.", default=None, example="64GiB")
    count: Annotated[int, Number(whole=True, least=1, most=100_000)] | None = option(
        "How many of these machines there are.", default=None, example="4"
    )
    price: MachinePrice | None = option(
        "What one of them costs.", default=None, example="{capex: 8000 USD, watts: 350, perKwh: 0.30 USD}"
    )


class TargetEntry(Section):
    """A provider plugin and its settings. Every key that is not listed here is the provider's own, checked by the provider."""

    extra: ClassVar[str] = "allow"

    provider: Annotated[str, Text(least=1, most=60)] = required(
        "The provider plugin: the name of an entry point in infractl.providers.", example="local"
    )
    classes: Annotated[tuple[HardwareClass, ...], Items(least=1)] | None = option(
        "Hardware classes that the target has; the provider says so where it is left out.", default=None, example="[cpu, gpu]"
    )
    discount: Share = option("What is taken off list prices by a contract of yours.", default=0.0, example="12%")
    price: MachinePrice | None = option(
        "What one machine of the target costs, where it is your own.", default=None, example="{perHour: 0.12 USD}"
    )

    machines: Mapping[Name, Machine] = option(
        "The target's own machines by the name of their pool, where they differ.",
        default={},
        example="{gpu-pool: {chip: L4, count: 4, price: {perHour: 0.70 USD}}}",
    )

    @property
    def settings(self) -> dict[str, Any]:
        """What the provider's own model is to validate."""
        ours = {f.name for f in fields_of(type(self))}
        return {key: value for key, value in vars(self).items() if key not in ours}
