"""What can be done to a resource."""

from __future__ import annotations

from enum import Enum


class Action(Enum):
    """`replace` is a delete and a create, in the kind's order.

    Two change the state alone, without a call: `adopt` records what is there as wanted, `forget` drops what is gone.
    """

    create = "create"
    update = "update"
    replace = "replace"
    delete = "delete"
    adopt = "adopt"
    forget = "forget"
    no_op = "no-op"
