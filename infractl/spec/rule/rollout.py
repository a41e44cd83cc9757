"""Rules about taking over and being watched: a canary's steps, and what conditions compare with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from infractl.errors import Diagnostic
from infractl.spec.rule.limit import conditions
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.telling.problem import error
from infractl.spec.validate import dotted


def steps_without_canary(subject: Subject) -> Iterator[Diagnostic]:
    """Only a canary takes over by steps."""
    rollout = subject.spec.rollout
    if rollout.steps and rollout.strategy != "canary" and subject.is_sure(rollout.strategy, "rollout", "strategy"):
        given = rollout.strategy if subject.says("rollout", "strategy") else f"{rollout.strategy}, where nothing is said"
        yield error(
            "steps-without-canary",
            "a rollout has steps and is no canary",
            f"rollout.strategy is {given}",
            subject.key_mark("rollout", "steps"),
            "write rollout.strategy: canary, or remove rollout.steps",
        )


def direct_and_watched(subject: Subject) -> Iterator[Diagnostic]:
    """`direct` switches at once and for good: only where the old release still stands is there something to go back to."""
    rollout = subject.spec.rollout
    if rollout.strategy != "direct" or not subject.is_sure(rollout.strategy, "rollout", "strategy"):
        return
    for key in ("bake", "rollbackOn"):
        if subject.says("rollout", key):
            yield error(
                "direct-and-watched",
                "a rollout switches at once and is to be watched",
                "rollout.strategy is direct" + ("" if subject.says("rollout", "strategy") else ", where nothing is said"),
                subject.key_mark("rollout", key),
                f"write rollout.strategy: canary, blue-green or shadow, or remove rollout.{key}",
            )


def steps_order(subject: Subject) -> Iterator[Diagnostic]:
    """Each step gives the new release more traffic than the one before; the first more than none."""
    steps = (0.0, *subject.spec.rollout.steps)
    for index, (before, after) in enumerate(pairwise(steps)):
        if after <= before:
            given = subject.written("rollout", "steps", index)
            previous = subject.written("rollout", "steps", index - 1) if index else ""
            yield error(
                "steps-order",
                "a step of a rollout does not give the new release more traffic",
                f"{given} comes after {previous}" if index else f"{given} is no traffic",
                subject.mark("rollout", "steps", index),
                "write the shares from the smallest to the largest, each once: [5%, 25%, 100%]",
            )


def steps_end(subject: Subject) -> Iterator[Diagnostic]:
    """A canary that never gets all of the traffic would stand beside the old release for ever."""
    steps = subject.spec.rollout.steps
    if steps and max(steps) < 1:
        last = len(steps) - 1
        yield error(
            "steps-end",
            "a rollout's steps do not end with all of the traffic",
            f"the last one is {subject.written('rollout', 'steps', last)}",
            subject.mark("rollout", "steps", last),
            "add 100% as the last step",
        )


def shift_without_reference(subject: Subject) -> Iterator[Diagnostic]:
    """A shift is the distance of the inputs from reference data."""
    if subject.says("monitoring", "shift"):
        return
    for path, limits in conditions(subject.spec):
        if limits.shift is not None:
            yield error(
                "shift-without-reference",
                "a condition asks for a shift, and there is nothing to compare with",
                f"{dotted((*path, 'shift'))} is given and monitoring.shift is not",
                subject.key_mark(*path, "shift"),
                "add monitoring.shift: {reference: ./reference.npz}, or remove the condition",
            )


RULES: tuple[Rule, ...] = (
    direct_and_watched,
    steps_without_canary,
    steps_order,
    steps_end,
    shift_without_reference,
)
