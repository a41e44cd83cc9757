"""Rules about modes: what each needs, and what has a meaning in another one alone."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.errors import Diagnostic
from infractl.spec.problem import error
from infractl.spec.rule.subject import Subject

_NEEDED = {"async": "output: s3://BUCKET/ANSWERS/", "batch": "input: and output: with a file or a folder each"}
"""The modes that have a section of their own, which bears their name, and what it must say."""


def mode_without_section(subject: Subject) -> Iterator[Diagnostic]:
    """Where answers are to be written cannot be guessed."""
    mode = subject.spec.mode
    if mode in _NEEDED and not subject.says(mode):
        yield error(
            "mode-without-section",
            "a mode needs a section that is not given",
            f"spec.mode is {mode} and there is no spec.{mode}",
            subject.mark("mode"),
            f"add spec.{mode} with {_NEEDED[mode]}, or write mode: realtime",
        )


def section_of_another_mode(subject: Subject) -> Iterator[Diagnostic]:
    """A section that nothing reads would be taken for acted on."""
    mode = subject.spec.mode
    for section in _NEEDED:
        if section != mode and subject.says(section) and subject.is_sure(mode, "mode"):
            given = "" if subject.says("mode") else ", where nothing is said"
            yield error(
                "section-of-another-mode",
                "a section belongs to another mode",
                f"spec.mode is {mode}{given}, and spec.{section} is for {section}",
                subject.key_mark(section),
                f"write mode: {section}, or remove spec.{section}",
            )


def latency_in_batch_mode(subject: Subject) -> Iterator[Diagnostic]:
    """A run has no requests that somebody waits for: what counts is when it is done."""
    if subject.spec.mode == "batch":
        for key in ("latency", "ttft", "tpot"):
            if subject.says("slo", key):
                yield error(
                    "latency-in-batch-mode",
                    "a batch run has a limit for single requests",
                    f"slo.{key} has no meaning in a run",
                    subject.key_mark("slo", key),
                    "limit the whole run: slo.completion: 4h",
                )


def completion_in_realtime_mode(subject: Subject) -> Iterator[Diagnostic]:
    """A request in real time is done when it is answered, which `slo.latency` limits by percentile."""
    if subject.spec.mode == "realtime" and subject.says("slo", "completion") and subject.is_sure("realtime", "mode"):
        given = subject.written("slo", "completion")
        yield error(
            "completion-in-realtime-mode",
            "a service in real time has a limit for runs",
            "slo.completion is for the modes async and batch",
            subject.key_mark("slo", "completion"),
            f"write slo.latency: {{p99: {given}}}, or mode: async or batch",
        )


def output_is_input(subject: Subject) -> Iterator[Diagnostic]:
    """A run would read its own answers, or overwrite what it reads."""
    batch = subject.spec.batch
    if batch and batch.input == batch.output:
        yield error(
            "output-is-input",
            "a batch run would write over what it reads",
            "batch.input and batch.output are the same",
            subject.mark("batch", "output"),
            "name another place in batch.output",
        )
