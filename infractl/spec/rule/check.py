"""All rules, and what they find: in one service, in infractl.yaml, and between services."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infractl.errors import Diagnostic
from infractl.spec.find import environment_names
from infractl.spec.project import Project
from infractl.spec.rule import budget, data, file, hardware, limit, mode, model, repeated, rollout, serving, traffic
from infractl.spec.rule.between import duplicate_service, moved_from_declared, moved_from_itself, moved_twice
from infractl.spec.rule.project import RULES as PROJECT_RULES
from infractl.spec.rule.project import policy_environment
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.validate import remainder
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.limit import first

RULES: tuple[Rule, ...] = (
    *model.RULES,
    *file.RULES,
    *data.RULES,
    *limit.RULES,
    *traffic.RULES,
    *budget.RULES,
    *serving.RULES,
    *rollout.RULES,
    *mode.RULES,
    *hardware.RULES,
    *repeated.RULES,
)


def broken(subject: Subject) -> list[Diagnostic]:
    """What the rules find in one service."""
    return first(diagnostic for rule in RULES for diagnostic in rule(subject))


def broken_project(document: Document, root: Path) -> list[Diagnostic]:
    """What the rules find in infractl.yaml, or in what is left of it without its errors. `root` is its directory."""
    project = remainder(Project, document, (), {"project": "project"})
    if project is None:
        return []
    found = [d for rule in PROJECT_RULES for d in rule(project, document)]
    if any(policy.environments for policy in project.policies):
        found.extend(policy_environment(project, document, environment_names(root)))
    return first(found)


def broken_between(documents: Sequence[Document]) -> list[Diagnostic]:
    """What the rules find between services."""
    rules = (duplicate_service, moved_from_itself, moved_from_declared, moved_twice)
    return first(diagnostic for rule in rules for diagnostic in rule(documents))
