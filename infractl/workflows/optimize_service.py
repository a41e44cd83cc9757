"""What the optimizer makes of a service's model for this machine, by the data that the service's document names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.domain.optimization import Tried
from infractl.domain.profile import ModelProfile
from infractl.errors import ModelError
from infractl.spec.find import locate
from infractl.spec.load import LoadedService
from infractl.spec.section.model import Validation
from infractl.workflows.optimize import task_here
from infractl.workflows.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from infractl.optimizer.optimize import Task
    from infractl.optimizer.rows import Rows
    from infractl.spec.section.model import CalibrationData


def tried_here(
    workspace: Workspace,
    loaded: LoadedService,
    profile: ModelProfile,
    progress: Callable[[str], None],
    *,
    build: bool,
) -> Sequence[Tried]:
    """Every rung with its verdicts; what was tried before comes from the artifact store, and without `build` nothing else does.

    Raises DataError, ModelError, StateError.
    """
    service = loaded.service
    validation = service.model.validation
    if validation is None or service.spec.optimize.level == "off" or loaded.model_path is None:
        return ()
    from infractl.optimizer.optimize import kept_optimization, optimize

    task = _task(loaded, loaded.model_path, validation, profile)
    if not task.ladder:
        return ()
    found = kept_optimization(task, workspace.stores.artifacts)
    if found is None and build:
        progress(f"Optimizing the model of {loaded.name}: {len(task.ladder)} steps, {len(task.split.gate):,} held-out rows")
        found = optimize(
            task, workspace.stores.artifacts, workspace.clock, lambda step, spent_s: progress(f"{spent_s:6.1f}s  {step}")
        )
    return found.tried if found else ()


def _task(loaded: LoadedService, model: Path, validation: Validation, profile: ModelProfile) -> Task:
    from infractl.optimizer.data.load import load
    from infractl.optimizer.gate.gate import Gate

    calibration = loaded.service.model.calibration
    rows = load(_file(loaded, validation.data, "validation"), profile.signature, validation.labels)
    apart = _calibration(loaded, calibration, profile) if calibration else None
    gate = Gate(
        metric=validation.metric,
        k=validation.k,
        max_drop=validation.max_drop,
        minimum=validation.minimum,
        maximum=validation.maximum,
    )
    return task_here(model, profile, loaded.service.spec.optimize, gate, rows, apart)


def _calibration(loaded: LoadedService, calibration: CalibrationData, profile: ModelProfile) -> Rows:
    from infractl.optimizer.data.load import load

    rows = load(_file(loaded, calibration.data, "calibration"), profile.signature)
    return rows if calibration.samples is None else rows.at(range(min(len(rows), calibration.samples)))


def _file(loaded: LoadedService, uri: str, section: str) -> Path:
    """Raises ModelError for data that lies elsewhere."""
    if (path := locate(uri, loaded.file.parent)) is not None:
        return path
    raise ModelError.of(
        "not-served-yet",
        summary="this version of infractl cannot serve this yet",
        detail=f"{uri} is not fetched yet",
        at=loaded.mark(f"spec.model.{section}.data"),
        remedy="copy the data into the project, and write its path; or set spec.optimize.level to off",
    )
