"""Every rule by operator."""

from __future__ import annotations

from collections.abc import Mapping

from infractl.optimizer.pruning.rule import elementwise, layer, layout, reshape
from infractl.optimizer.pruning.walk import Rule

RULES: Mapping[str, Rule] = {**layer.RULES, **elementwise.RULES, **layout.RULES, **reshape.RULES}
