"""The gates' own running of models, in the process that the sandbox watches: a candidate may do anything when it is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infractl.domain.recipe import AS_GIVEN, Recipe
from infractl.domain.value import Json
from infractl.engines.engine import Session, SessionOptions
from infractl.engines.registry import open_engine, stand_in
from infractl.optimizer.gate.answer import answers
from infractl.optimizer.gate.gate import Gate
from infractl.optimizer.gate.judge import judge
from infractl.optimizer.gate.latency import compare
from infractl.optimizer.gate.sanity import changed_signature, insane_answers
from infractl.optimizer.passes.contract import PassRefusedError
from infractl.optimizer.rows import Rows
from infractl.optimizer.rows_file import read_rows, write_rows
from infractl.state.codec import decode, encode

MOST_SANITY_ROWS = 256
"""What is broken for all rows shows in these, and models take their time."""

Tell = Callable[[str], None]


def baseline(job: Mapping[str, Any], directory: Path, tell: Tell) -> Mapping[str, Json]:
    """What the given model answers to the held-out rows and to some others, kept in `answers`; and its metric.

    Raises DataError where data or outputs are not what the metric compares, ModelError.
    """
    tell("running the model as it is given")
    session = _open(Path(job["given"]), AS_GIVEN, job["threads"])
    held_out, other = read_rows(Path(job["gate"])), _some(read_rows(Path(job["other"])))
    found = answers(session, held_out)
    kept = Path(job["answers"])
    kept.mkdir()
    write_rows(Rows(inputs=found), kept / "gate")
    if len(other):
        write_rows(Rows(inputs=answers(session, other)), kept / "other")
    itself = judge(decode(Gate, job["limits"]), found, found, held_out.labels)
    return {"verdict": encode(itself)}


def speed(job: Mapping[str, Any], directory: Path, tell: Tell) -> Mapping[str, Json]:
    """Whether the candidate answers as clients expect, and how fast. Looks at rows that are not held out alone.

    Raises PassRefusedError, ModelError.
    """
    recipe = decode(Recipe, job["recipe"])
    given, candidate = _open(Path(job["given"]), AS_GIVEN, job["threads"]), _open(Path(job["model"]), recipe, job["threads"])
    rows = read_rows(Path(job["other"]))
    refusal = changed_signature(given.signature, candidate.signature)
    if refusal is None:
        refusal = insane_answers(read_rows(Path(job["answers"])).inputs, answers(candidate, _some(rows)))
    if refusal is not None:
        raise PassRefusedError(refusal.code, refusal.why)
    return {"verdict": encode(compare(given, candidate, rows))}


def accuracy(job: Mapping[str, Any], directory: Path, tell: Tell) -> Mapping[str, Json]:
    """The candidate's answers to the held-out rows against the given model's. Raises PassRefusedError, DataError, ModelError."""
    rows, given = read_rows(Path(job["gate"])), read_rows(Path(job["answers"])).inputs
    found = answers(_open(Path(job["model"]), decode(Recipe, job["recipe"]), job["threads"]), rows)
    if refusal := insane_answers(given, found):
        raise PassRefusedError(refusal.code, refusal.why)
    return {"verdict": encode(judge(decode(Gate, job["limits"]), given, found, rows.labels))}


def _open(model: Path, recipe: Recipe, threads: int) -> Session:
    return open_engine(stand_in(recipe.engine))(model, SessionOptions(threads=threads, options=recipe.options))


def _some(rows: Rows) -> Rows:
    return rows.at(range(min(len(rows), MOST_SANITY_ROWS)))
