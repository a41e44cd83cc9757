"""Rules about the data that proves an optimized model, and about optimizing: what is measured, and what a pass needs for it."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.metric import Metric
from infractl.errors import Diagnostic
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.section.model import Format, Validation
from infractl.spec.section.optimize import Distillation, Precision, Quantization
from infractl.spec.telling.problem import error
from infractl.spec.validate import dotted
from infractl.spec.yaml.document import Path as Keys


def same_data(subject: Subject) -> Iterator[Diagnostic]:
    """Data that shaped a model cannot judge it: the accuracy that is measured would be too good."""
    distillation = subject.spec.optimize.passes.distillation
    student = distillation.data if isinstance(distillation, Distillation) else None
    for path, model in subject.models.items():
        if model.validation is None:
            continue
        judge = _place(subject, model.validation.data)
        for shaping, uri in (
            ((*path, "calibration", "data"), model.calibration and model.calibration.data),
            (("optimize", "passes", "distillation", "data"), student),
        ):
            if uri and _place(subject, uri) == judge:
                yield error(
                    "same-data",
                    "a model would be judged by the data that shaped it",
                    f"{dotted((*path, 'validation', 'data'))} is the same",
                    subject.mark(*shaping),
                    "split the data in two, and name one part for each",
                )


def metric_bound(subject: Subject) -> Iterator[Diagnostic]:
    """`minimum` is for metrics where more is better, `maximum` for errors."""
    for path, validation in _validations(subject):
        wrong, right = ("minimum", "maximum") if validation.metric.is_an_error else ("maximum", "minimum")
        value = validation.minimum if validation.metric.is_an_error else validation.maximum
        if value is not None and subject.is_sure(validation.metric, *path, "metric"):
            better = "less" if validation.metric.is_an_error else "more"
            yield error(
                "metric-bound",
                "a metric is bounded on its good side",
                f"of {validation.metric}, {better} is better",
                subject.key_mark(*path, wrong),
                f"write {right} instead of {wrong}, or another metric",
            )


def metric_setting(subject: Subject) -> Iterator[Diagnostic]:
    """`k` counts the answers that `top-k` looks at, and no other metric."""
    for path, validation in _validations(subject):
        sure = subject.is_sure(validation.metric, *path, "metric")
        if subject.says(*path, "k") and validation.metric is not Metric.top_k and sure:
            yield error(
                "metric-setting",
                "a metric has a setting of another one",
                f"{validation.metric} knows no k",
                subject.key_mark(*path, "k"),
                "write metric: top-k, or remove k",
            )


def drop_without_limit(subject: Subject) -> Iterator[Diagnostic]:
    """All metrics but errors are between 0 and 1: a drop of 1 lets any model pass. `1` is often meant as 1%."""
    for path, validation in _validations(subject):
        sure = subject.is_sure(validation.metric, *path, "metric")
        if validation.max_drop >= 1 and not validation.metric.is_an_error and sure:
            yield error(
                "drop-without-limit",
                "the allowed drop lets any model pass",
                f"{validation.metric} is between 0 and 1, and may drop by {subject.written(*path, 'maxDrop')}",
                subject.mark(*path, "maxDrop"),
                "write it in the metric's own unit: 0.01 is one hundredth",
            )


def optimize_off(subject: Subject) -> Iterator[Diagnostic]:
    """`off` leaves the model as it is, whatever the passes say."""
    optimize = subject.spec.optimize
    if optimize.level == "off":
        for name, use in optimize.passes.uses.items():
            if use == "required":
                yield error(
                    "optimize-off",
                    "a pass is required while optimizing is off",
                    f"{name} is required and optimize.level is off",
                    subject.mark(*_use(subject, name)),
                    f"write optimize.level: auto, or {name}: off",
                )


def pass_without_data(subject: Subject) -> Iterator[Diagnostic]:
    """Every pass must prove itself on validation data, and some need data to work with."""
    for name, use in subject.spec.optimize.passes.uses.items():
        if use != "required":
            continue
        for path, model in subject.models.items():
            if not subject.says(*path, "validation"):
                yield _without(subject, name, path, "validation", "is proved by")
            if not subject.says(*path, "calibration") and _needs_calibration(subject, name):
                yield _without(subject, name, path, "calibration", "works with")
            if model.actual_format is Format.container and subject.is_sure(model.format, *path, "format"):
                yield error(
                    "pass-on-container",
                    "a pass is required on an image, which nothing can look into",
                    f"{name} is required and {dotted(path)} is a container",
                    subject.mark(*_use(subject, name)),
                    f"write {name}: off, or name the model itself instead of an image",
                )


def _without(subject: Subject, name: str, path: Keys, section: str, verb: str) -> Diagnostic:
    """Every pass must prove itself on validation data; static quantization and distillation need data to work with as well."""
    return error(
        "pass-without-data",
        "a pass is required without the data that it needs",
        f"{name} {verb} {dotted((*path, section))}, which is not given",
        subject.mark(*_use(subject, name)),
        f"add {section}: {{data: ./{section}.npz}} to {dotted(path)}, or write {name}: auto",
    )


def _needs_calibration(subject: Subject, name: str) -> bool:
    passes = subject.spec.optimize.passes
    if name == "distillation":
        learns_from = isinstance(passes.distillation, Distillation) and passes.distillation.data
        return not learns_from and not subject.says("optimize", "passes", "distillation", "data")
    if name == "quantization" and isinstance(passes.quantization, Quantization):
        return set(passes.quantization.precisions) == {Precision.int8_static}
    return False


def _use(subject: Subject, name: str) -> Keys:
    """Where a pass says how it is used: itself, or its `use`."""
    short: Keys = ("optimize", "passes", name)
    return (*short, "use") if subject.says(*short, "use") else short


def _validations(subject: Subject) -> Iterator[tuple[Keys, Validation]]:
    for path, model in subject.models.items():
        if model.validation:
            yield (*path, "validation"), model.validation


def _place(subject: Subject, uri: str) -> object:
    return subject.place(uri) or uri


RULES: tuple[Rule, ...] = (
    same_data,
    metric_bound,
    metric_setting,
    drop_without_limit,
    optimize_off,
    pass_without_data,
)
