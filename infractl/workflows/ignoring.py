"""`spec.lifecycle.ignoreChanges` where kinds and resources are known: what it names is checked, and said of each resource."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from infractl.domain.attribute_pattern import ANY, AttributePattern
from infractl.domain.resource import Resource
from infractl.errors import Diagnostic, Severity, SpecError
from infractl.planning.leave import paths_of
from infractl.provider.contract import Provider
from infractl.spec.load import LoadedService
from infractl.spec.telling.suggest import did_you_mean
from infractl.workflows.workspace import Workspace


def patterns_of(loaded: LoadedService | None) -> tuple[AttributePattern, ...]:
    """None where the service is not declared; how each is written was checked when it was loaded."""
    written = loaded.service.spec.lifecycle.ignore_changes if loaded else ()
    return tuple(p for text in written if (p := AttributePattern.parse(text)))


def ignoring(workspace: Workspace, loaded: LoadedService, resources: Sequence[Resource]) -> Sequence[Resource]:
    """The resources, each with the paths that the service leaves to others. Raises SpecError for what names nothing."""
    patterns = patterns_of(loaded)
    if not patterns:
        return resources
    providers = [opened.provider for opened in workspace.targets_of(loaded)]
    if problems := tuple(_problems(loaded, patterns, providers, resources)):
        raise SpecError(*problems)
    return [replace(r, ignores=paths_of(patterns, r.address)) for r in resources]


def _problems(
    loaded: LoadedService, patterns: Sequence[AttributePattern], providers: Sequence[Provider], resources: Sequence[Resource]
) -> Iterator[Diagnostic]:
    """A slip would leave to others nothing that was meant, and nobody would see it before the next apply reverts something."""
    kinds = sorted({kind for provider in providers for kind in provider.kinds})
    for index, pattern in enumerate(patterns):
        at = f"spec.lifecycle.ignoreChanges.{index}"
        names = sorted(r.address.name for r in resources if r.address.kind == pattern.kind)
        if pattern.kind != ANY and pattern.kind not in kinds:
            detail = f"{pattern.kind} is none of the kinds at {', '.join(sorted(p.name for p in providers))}"
            yield _unknown(loaded, at, detail, did_you_mean(pattern.kind, kinds, "name one of them"))
        elif pattern.name != ANY and names and pattern.name not in names:
            detail = f"this service has no {pattern.kind} of the name {pattern.name}"
            yield _unknown(loaded, at, detail, did_you_mean(pattern.name, names, "name one of these, or leave the name out"))
        else:
            yield from _never_compared(loaded, at, pattern, providers)


def _never_compared(
    loaded: LoadedService, at: str, pattern: AttributePattern, providers: Sequence[Provider]
) -> Iterator[Diagnostic]:
    """A secret's live value is known to nobody, so that an update could not keep it."""
    top = pattern.path.partition(".")[0].partition("[")[0]
    schemas = [p.kinds[pattern.kind] for p in providers if pattern.kind in p.kinds]
    if any(schema.of(top).sensitive for schema in schemas):
        detail = f"{pattern.kind}.{top} is a secret, whose value cannot be read and kept"
        yield _unknown(loaded, at, detail, "leave it out: a secret is compared by what it refers to")


def _unknown(loaded: LoadedService, at: str, detail: str, remedy: str) -> Diagnostic:
    return Diagnostic(
        slug="ignored-unknown",
        severity=Severity.error,
        summary="what is to be ignored is nothing that can be",
        detail=detail,
        at=loaded.mark(at),
        remedy=remedy,
    )
