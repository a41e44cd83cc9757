"""Rules about modes: what each needs, and what has a meaning in another one alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infractl.errors import Diagnostic
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.schema.field import fields_of
from infractl.spec.section.rollout import Rollout
from infractl.spec.section.serving import Serving
from infractl.spec.section.slo import Slo
from infractl.spec.section.traffic import Traffic
from infractl.spec.telling.problem import error
from infractl.spec.validate import dotted
from infractl.spec.yaml.document import Path as Keys

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


_OF_A_SERVER: Mapping[str, tuple[type, tuple[str, ...]]] = {
    "slo": (Slo, ("throughput", "availability")),
    "traffic": (Traffic, ("pattern", "average", "peak", "schedule")),
    "serving": (
        Serving,
        (
            "maxConcurrency",
            "cache",
            "rateLimit",
            "auth",
            "timeout",
            "maxPayload",
            "protocols",
            "replicas",
            "keepWarm",
            "loadBalancing",
        ),
    ),
    "rollout": (Rollout, ("strategy",)),
}
"""What has a meaning only where requests come in at any time, by section."""


def server_in_batch_mode(subject: Subject) -> Iterator[Diagnostic]:
    """A run reads its records and ends: there are no callers, no rates of requests, and nobody to take traffic over from."""
    if subject.spec.mode != "batch" or not (given := list(_of_a_server(subject))):
        return
    *others, last = map(dotted, given)
    named = f"{', '.join(others)} and {last}" if others else last
    yield error(
        "server-in-batch-mode",
        "a batch run has settings of a server",
        f"{named} {'have' if others else 'has'} no meaning in a run",
        subject.key_mark(*given[0]),
        f"remove {'them' if others else 'it'}, or write mode: realtime or async",
    )


def _of_a_server(subject: Subject) -> Iterator[Keys]:
    """What the document says of it, but for values that say that there is none."""
    for name, (section, keys) in _OF_A_SERVER.items():
        for field in fields_of(section):
            node = subject.document.node(("spec", name, field.key))
            if field.key in keys and node is not None and node.value not in (*field.already, field.default):
                yield name, field.key


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
    if batch is None:
        return
    read, written = (str(subject.place(uri) or uri).rstrip("/") for uri in (batch.input, batch.output))
    if written == read or written.startswith(f"{read}/"):
        yield error(
            "output-is-input",
            "a batch run would write over what it reads",
            "batch.input and batch.output are the same" if written == read else "batch.output is a folder inside of batch.input",
            subject.mark("batch", "output"),
            "name another place in batch.output" if written == read else "name a place beside batch.input in batch.output",
        )


RULES: tuple[Rule, ...] = (
    mode_without_section,
    section_of_another_mode,
    latency_in_batch_mode,
    server_in_batch_mode,
    completion_in_realtime_mode,
    output_is_input,
)
