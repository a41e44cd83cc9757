"""A search among students: first their speed, which their weights don't change, then who learns the given model's answers best.

Each student with random weights is timed in turns with the given model, and what is not faster is left out. The others are taught
for one epoch, the better half of them for two, and so on (successive halving: Jamieson and Talwalkar, 2016). Among the last
the fastest wins of those that agree with the given model often enough. The gate has the last word on accuracy, on other rows.
Speeds are measured, so two students that are about as fast may change places between runs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infractl.engines.engine import Session, SessionOptions
from infractl.optimizer.gate.latency import compare
from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.distill import lesson_of
from infractl.optimizer.passes.onnx_file import read_model
from infractl.optimizer.passes.setting import number, only
from infractl.optimizer.student.agreement import agreement
from infractl.optimizer.student.lesson import Lesson, ask
from infractl.optimizer.student.network import Weights, random_weights, write_student
from infractl.optimizer.student.shape import Layer, Shape
from infractl.optimizer.student.space import shapes
from infractl.optimizer.student.teach import interpreter, teach
from infractl.tensors import Tensor

EPOCHS = (1, 2, 6)
_CELL_S = 0.02
_KEPT = 0.5
_TRIALS, _MOST_TRIALS = 16, 10_000
_AGREEMENT = 0.985
"""Of a student that disagreed on 1.3% of digits the drop in accuracy was half a point, and proven to be under one."""
_TIME_S = 300.0
_FEWEST_SEARCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """`speedup` is the geometric mean over batch sizes; `agreement` after so many `epochs`, None before any."""

    shape: Shape
    layers: tuple[Layer, ...]
    speedup: float
    agreement: float | None = None
    epochs: int = 0
    weights: Weights | None = None

    def __str__(self) -> str:
        speed = f"{self.shape}: {self.speedup:.1f} times as fast"
        return speed if self.agreement is None else f"{speed}, agrees on {self.agreement:.2%} after {self.epochs} epochs"


class Search:
    """Settings: `trials` (16), how many students are timed; `agreement` (0.985), from which share of answers the fastest wins;
    `time` (300 seconds), after which no further round is begun; `augment`, `rows` and `answers` as in `distill`.
    """

    name = "search"
    version = 1

    def run(self, work: Work) -> Made:
        """Raises PassRefusedError where `distill` would, where there are too few rows to choose by, or no student is faster."""
        from infractl.engines.onnxruntime import open_session

        only(work.settings, "trials", "agreement", "time", "augment", "rows", "answers")
        until = time.monotonic() + number(work.settings, "time", _TIME_S, least=1, most=1e6)
        trials = int(number(work.settings, "trials", _TRIALS, least=1, most=_MOST_TRIALS))
        enough = number(work.settings, "agreement", _AGREEMENT, least=0, most=1)
        if len(work.search) < _FEWEST_SEARCH:
            raise PassRefusedError("no-data", f"students are compared on {_FEWEST_SEARCH} rows or more, not {len(work.search)}")
        interpreter()
        teacher = open_session(work.given, SessionOptions(threads=work.threads))
        taught = lesson_of(teacher, work)
        race = Race(work=work, teacher=teacher, taught=taught)
        timed = [race.timed(shape) for shape in shapes(taught.terms.item)[:trials]]
        faster = [each for each in timed if each.speedup > 1]
        if not faster:
            raise PassRefusedError("no-faster-student", "; ".join(map(str, timed)))
        last, told = race.halved(faster, until)
        chosen = best(last, enough)
        notes = [*(f"{each}" for each in timed if each not in faster), *told, f"chosen: {chosen}"]
        assert chosen.agreement is not None
        figures = {"trials": float(len(timed)), "speedup": chosen.speedup, "agreement": chosen.agreement}
        return Made(model=race.written(chosen, work.scratch / "model.onnx"), notes=tuple(notes), figures=figures)


def best(candidates: Sequence[Candidate], enough: float) -> Candidate:
    """The fastest that agrees on this share; where none does, the one that agrees most."""
    good = [each for each in candidates if (each.agreement or 0) >= enough]
    if good:
        return max(good, key=lambda each: each.speedup)
    return max(candidates, key=lambda each: (each.agreement or 0, each.speedup))


def survivors(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The half that agrees most, and at least one."""
    count = max(1, math.ceil(len(candidates) * _KEPT))
    return sorted(candidates, key=lambda each: (each.agreement or 0, each.speedup), reverse=True)[:count]


@dataclass(slots=True, kw_only=True)
class Race:
    work: Work
    teacher: Session
    taught: Lesson

    def timed(self, shape: Shape) -> Candidate:
        """With random weights, some 20 ms a batch size."""
        layers = shape.layers(self.taught.terms.item, self.taught.terms.width)
        candidate = Candidate(shape=shape, layers=layers, speedup=0.0, weights=random_weights(layers, self.work.seed))
        student = self._opened(candidate)
        found = compare(self.teacher, student, self.work.search, cell_s=_CELL_S)
        return replace(candidate, speedup=found.overall.value, weights=None)

    def halved(self, candidates: Sequence[Candidate], until: float) -> tuple[list[Candidate], list[str]]:
        """Those of the last round, and what is told of all that were taught."""
        answers = ask(self.teacher, self.work.search.inputs)
        told: list[str] = []
        for position, epochs in enumerate(EPOCHS):
            if position and time.monotonic() > until:
                told.append(f"out of time before the round of {epochs} epochs")
                break
            taught = self._taught(candidates, epochs, answers)
            last = position == len(EPOCHS) - 1
            candidates = taught if last else survivors(taught)
            told += [str(each) for each in taught if last or each not in candidates]
        return list(candidates), told

    def written(self, candidate: Candidate, path: Path) -> Path:
        assert candidate.weights is not None
        return write_student(path, read_model(self.work.given), self.taught.terms, candidate.layers, candidate.weights)

    def _taught(self, candidates: Sequence[Candidate], epochs: int, answers: Mapping[str, Tensor]) -> list[Candidate]:
        directory = self.work.scratch / "teaching"
        directory.mkdir(exist_ok=True)
        layers = [each.layers for each in candidates]
        weights = teach(layers, self.taught, epochs, seed=self.work.seed, threads=self.work.threads, directory=directory)
        made = [replace(each, epochs=epochs, weights=own) for each, own in zip(candidates, weights, strict=True)]
        return [replace(each, agreement=self._agreement(each, answers)) for each in made]

    def _agreement(self, candidate: Candidate, answers: Mapping[str, Tensor]) -> float:
        found = ask(self._opened(candidate), self.work.search.inputs)
        return agreement(answers, found, self.taught.terms)

    def _opened(self, candidate: Candidate) -> Session:
        from infractl.engines.onnxruntime import open_session

        path = self.written(candidate, self.work.scratch / "candidate.onnx")
        return open_session(path, SessionOptions(threads=self.work.threads))
