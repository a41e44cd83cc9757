"""What is measured of a model's answers against labels, or against another model's."""

from __future__ import annotations

from enum import StrEnum


class Metric(StrEnum):
    accuracy = "accuracy"
    top_k = "top-k"
    f1 = "f1"
    auroc = "auroc"
    rmse = "rmse"
    mae = "mae"
    agreement = "agreement"

    @property
    def is_an_error(self) -> bool:
        """Whether less is better."""
        return self in (Metric.rmse, Metric.mae)
