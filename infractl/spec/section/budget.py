"""`spec.budget`: what the service may cost."""

from infractl.spec.quantity import Amount
from infractl.spec.schema.field import Section, option


class Budget(Section):
    """What the service may cost. A placement of unknown price is refused under a budget."""

    monthly: Amount | None = option("The most that the service may cost a month.", default=None, example="1500 USD")
    per_thousand: Amount | None = option(
        "The most that a thousand inferences may cost at average traffic.", default=None, example="0.02 USD"
    )
