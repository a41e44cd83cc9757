"""`spec.lifecycle` and `spec.replan`: what apply must leave alone, and when a recorded placement is given up."""

from infractl.spec.quantity import Share
from infractl.spec.schema.field import Section, option
from infractl.spec.text import Name, Word


class Lifecycle(Section):
    """What apply must leave alone."""

    protect: bool = option(
        "Nothing of the service is ever destroyed or replaced while this is true.", default=False, already=(False,)
    )
    ignore_changes: tuple[Word, ...] = option(
        "Attributes whose drift is left as it is, as `kind.attribute`.", default=(), example="[deployment.replicas]"
    )
    moved_from: Name | None = option(
        "The name that this service had before; what runs is kept.", default=None, example="old-name"
    )


class Replan(Section):
    """When a recorded placement is given up."""

    tolerance: Share = option("A recorded placement stays while it is within this of the best.", default=0.1)
