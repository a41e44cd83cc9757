"""Predicts the time of a call and measures it, of many models in turn."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.models.network import Array, Subject
from infractl.clock import SystemClock
from infractl.domain.measurement import Measurements
from infractl.domain.recipe import AS_GIVEN
from infractl.engines.engine import Session, SessionOptions
from infractl.engines.onnxruntime import open_session
from infractl.hardware.this_machine import this_chip
from infractl.measure.calibrate import calibrate
from infractl.placement.service_time import End, ServiceTime, gaps
from infractl.placement.speed import Speed, speed_of
from infractl.profile.onnx import profile_onnx

BATCHES = (1, 8, 32)
_BLOCK_S = 0.1
_LEAST_CALLS = 3
_MOST_INPUTS = 1024
_MOST_INPUT_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A model at a batch: what was predicted, at each end, and what was measured, in seconds."""

    name: str
    batch: int
    predicted_s: Mapping[End, float]
    measured_s: float

    @property
    def ratio(self) -> float:
        return self.predicted_s[End.expected] / self.measured_s

    @property
    def held(self) -> bool:
        return self.predicted_s[End.low] <= self.measured_s <= self.predicted_s[End.high]

    @property
    def width(self) -> float:
        return self.predicted_s[End.high] / self.predicted_s[End.low]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    subject: Subject
    batch: int
    predicted_s: Mapping[End, float]
    session: Session
    inputs: Sequence[Mapping[str, Array]]


def calibrated_speed(folder: Path) -> Speed:
    """This machine's, calibrated now."""
    chip = this_chip()
    found = speed_of(chip, AS_GIVEN, Measurements(calibrations={chip.name: calibrate(chip.name, SystemClock(), folder)}))
    assert isinstance(found, Speed)
    return found


def rows(subjects: Iterable[Subject], speed: Speed, rounds: int, threads: int = 1) -> Iterator[Row]:
    """Predict every subject at every batch, then measure all in turn: the medians of so many rounds."""
    cases = [case for subject in subjects for case in _cases(subject, speed, threads)]
    times_s: list[list[float]] = [[] for _ in cases]
    for number in range(rounds):
        for case, taken in zip(cases, times_s, strict=True):
            taken.append(_block_s(case, number))
    for case, taken in zip(cases, times_s, strict=True):
        yield Row(name=case.subject.name, batch=case.batch, predicted_s=case.predicted_s, measured_s=median(taken))


def _cases(subject: Subject, speed: Speed, threads: int) -> Iterator[_Case]:
    profile = profile_onnx(subject.path, subject.path.parent)
    first = profile.signature.inputs[0].shape[0]
    if unknown := gaps(profile, {**subject.extents, str(first): 1}):
        print(f"{subject.name}: a floor without {', '.join(unknown)}")
    session = open_session(subject.path, SessionOptions(threads=threads))
    random = np.random.default_rng(1)
    for batch in BATCHES:
        # Some files name the same axis differently where it leaves the model: no batch to a server, but one here.
        extents = {**subject.extents, str(first): batch}
        call = ServiceTime(profile=profile, speed=speed, instances=1, end=End.expected, threads=threads, extents=extents)
        predicted_s = {end: replace(call, end=end).seconds(batch) for end in End}
        one = subject.inputs(batch, random)
        size_bytes = sum(values.nbytes for values in one.values())
        count = max(2, min(_MOST_INPUTS // batch, _MOST_INPUT_BYTES // (len(BATCHES) * size_bytes)))
        inputs = [one, *(subject.inputs(batch, random) for _ in range(count - 1))]
        yield _Case(subject=subject, batch=batch, predicted_s=predicted_s, session=session, inputs=inputs)


def _block_s(case: _Case, number: int) -> float:
    """The median call of a block. Each call has another input: a processor would learn the branches of one by heart."""
    times_s: list[float] = []
    began_s = time.perf_counter()
    case.session.run(case.inputs[number % len(case.inputs)])
    while len(times_s) < _LEAST_CALLS or time.perf_counter() - began_s < _BLOCK_S:
        inputs = case.inputs[(number + len(times_s)) % len(case.inputs)]
        before_s = time.perf_counter()
        case.session.run(inputs)
        times_s.append(time.perf_counter() - before_s)
    return median(times_s)
