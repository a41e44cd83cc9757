"""`spec.hardware`: what the service may run on."""

from typing import Annotated, Literal

from infractl.domain.hardware_class import HardwareClass
from infractl.spec.schema.field import Section, option
from infractl.spec.schema.shape import Items
from infractl.spec.text import Region, Word


class Hardware(Section):
    """What the service may run on."""

    classes: Annotated[tuple[HardwareClass, ...], Items(least=1)] = option(
        "Hardware classes that may be used.", default=tuple(HardwareClass), example="[cpu, gpu]"
    )
    allow: tuple[Word, ...] = option(
        "Offers that may be used, `*` stands for any text; empty means all.",
        default=(),
        example="[ml.g5.*, ml.c7i.*]",
    )
    deny: tuple[Word, ...] = option("Offers that may not be used, even where `allow` has them.", default=(), example="[ml.p4d.*]")
    regions: tuple[Region, ...] = option(
        "Regions that may be used; empty means those of the targets.",
        default=(),
        example="[us-east-1]",
    )
    spot: Literal["never", "mixed", "only"] = option(
        "Capacity that may be taken away at short notice: never, beside as much of the other sort as keeps the SLO, or alone.",
        default="never",
    )
