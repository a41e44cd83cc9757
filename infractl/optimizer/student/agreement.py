"""How much a student answers as the given model does."""

from __future__ import annotations

from collections.abc import Mapping

from infractl.optimizer.student.terms import Form, Terms
from infractl.tensors import Tensor

_HALF = 0.5


def agreement(given: Mapping[str, Tensor], student: Mapping[str, Tensor], terms: Terms) -> float:
    """The share of rows with the same class, or with the same classes said yes to; of plain values the share of their variance
    that the student tells (0 at the least).
    """
    import numpy as np

    wanted, found = (np.asarray(answers[terms.scores.name], np.float64) for answers in (given, student))
    if terms.form.names_a_class:
        return float((wanted.argmax(axis=1) == found.argmax(axis=1)).mean())
    if terms.form is Form.shares:
        return float(((wanted > _HALF) == (found > _HALF)).all(axis=1).mean())
    spread = ((wanted - wanted.mean(axis=0)) ** 2).sum()
    return max(0.0, float(1 - ((wanted - found) ** 2).sum() / spread)) if spread > 0 else 0.0
