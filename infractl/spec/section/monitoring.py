"""`spec.monitoring`: what is measured in production, and who is told."""

from typing import Annotated, Literal

from infractl.spec.quantity import Delay, Seconds, Share
from infractl.spec.schema.field import Section, option, required
from infractl.spec.schema.shape import Number
from infractl.spec.section.rollout import Limits
from infractl.spec.section.secret import SecretSource
from infractl.spec.text import Location, Name


class Shift(Section):
    """Whether the inputs still look like the data that the model was made for."""

    reference: Location = required("Inputs to compare with, as npz, npy, csv or parquet.", example="./reference.npz")
    threshold: Annotated[float, Number(least=0)] = option("The distance that counts as a shift.", default=0.2)
    distance: Literal["psi", "ks", "wasserstein"] = option(
        "Population stability index, Kolmogorov-Smirnov, or Wasserstein, feature by feature.", default="psi"
    )
    window: Seconds = option("The time over which inputs are compared.", default=3600.0, example="1h")


class Alert(Section):
    """Somebody is told when a limit is exceeded for some time."""

    name: Name = required("The alert's name.", example="slow")
    when: Limits = required("What must not be exceeded.", example="{p99: 25ms}")
    for_: Delay = option("How long it must be exceeded.", default=300.0, example="5m")
    severity: Literal["info", "warning", "critical"] = option("How urgent it is.", default="warning")
    webhook: SecretSource | None = option("Where the address to post to is kept.", default=None, example="{env: ALERT_WEBHOOK}")


class Monitoring(Section):
    """What is measured in production, and who is told."""

    metrics: Literal["prometheus", "off"] = option("How metrics are given out.", default="prometheus", already=("prometheus",))
    sample: Share = option(
        "The share of requests whose inputs and outputs are kept for checks.", default=0.0, example="1%", already=("0%",)
    )
    shift: Shift | None = option(
        "Comparison of the inputs with reference data.", default=None, example="{reference: ./reference.npz, threshold: 0.2}"
    )
    alerts: tuple[Alert, ...] = option("Who is told of what.", default=(), example="[{name: slow, when: {p99: 25ms}, for: 5m}]")
