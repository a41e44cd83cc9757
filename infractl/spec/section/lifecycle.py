"""`spec.lifecycle` and `spec.replan`: what apply must leave alone, and when a recorded placement is given up."""

from infractl.spec.quantity import Share
from infractl.spec.schema.field import Section, option
from infractl.spec.text import Name, Word


class Lifecycle(Section):
    """What apply must leave alone."""

    protect: bool = option(
        "Whether the service may not be destroyed: it first has to be applied with `protect: false`.", default=False
    )
    ignore_changes: tuple[Word, ...] = option(
        "Attributes that others may change once they are there: `kind.attribute` or `kind/name.attribute`, `*` for any.",
        default=(),
        example="[deployment.replicas]",
    )
    moved_from: Name | None = option(
        "The name that this service had before: it takes over what is recorded and runs under that.",
        default=None,
        example="old-name",
    )


class Replan(Section):
    """When a recorded placement is given up."""

    tolerance: Share = option("A recorded placement stays while it is within this of the best.", default=0.1)
