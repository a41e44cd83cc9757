"""What can be done to a resource."""

from __future__ import annotations

from enum import Enum


class Action(Enum):
    """`replace` is a delete and a create, in the kind's order; `forget` drops from state what is already gone, without a call."""

    create = "create"
    update = "update"
    replace = "replace"
    delete = "delete"
    forget = "forget"
    no_op = "no-op"
