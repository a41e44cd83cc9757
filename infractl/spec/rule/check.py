"""All rules, and what they find: in one service, in infractl.yaml, and between services."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infractl.errors import Diagnostic
from infractl.spec.find import environment_names
from infractl.spec.project import Project
from infractl.spec.rule.between import duplicate_service, moved_from_declared, moved_from_itself, moved_twice
from infractl.spec.rule.budget import budget_currency, budget_positive, known_currency
from infractl.spec.rule.data import (
    drop_without_limit,
    metric_bound,
    metric_setting,
    optimize_off,
    pass_without_data,
    same_data,
)
from infractl.spec.rule.file import (
    data_format,
    data_missing,
    data_outside_project,
    model_missing,
    model_outside_project,
    uri_incomplete,
    uri_scheme,
)
from infractl.spec.rule.hardware import (
    allow_and_deny,
    class_not_at_target,
    ignored_attribute,
    region_or_zone,
    unknown_target,
    warm_without_serverless,
)
from infractl.spec.rule.limit import (
    duration_positive,
    latency_order,
    no_condition,
    promise_absolute,
    rate_positive,
    rollback_within_slo,
    size_positive,
)
from infractl.spec.rule.mode import (
    completion_in_realtime_mode,
    latency_in_batch_mode,
    mode_without_section,
    output_is_input,
    section_of_another_mode,
    server_in_batch_mode,
)
from infractl.spec.rule.model import (
    container_without_image,
    digest_without_file,
    format_unfit,
    format_unknown,
    model_and_models,
    no_model,
    secret_in_plain_text,
    tokens_without_language_model,
)
from infractl.spec.rule.project import (
    ProjectRule,
    amount_positive,
    budget_labels,
    known_currency_in_project,
    machine_power,
    machine_price,
    policy_environment,
    policy_region,
    policy_target,
    policy_without_rule,
    price_currency,
    repeated_in_project,
    shared_store,
)
from infractl.spec.rule.repeated import repeated_name, repeated_value
from infractl.spec.rule.rollout import direct_and_watched, shift_without_reference, steps_end, steps_order, steps_without_canary
from infractl.spec.rule.serving import (
    batching_delay,
    cache_address,
    rate_limit_by_key,
    replicas_order,
    secret_detail,
    secret_source,
    timeout_within_slo,
)
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.rule.traffic import (
    bad_cron,
    schedule_without_peak,
    traffic_order,
    traffic_shares,
    unknown_model,
    unknown_time_zone,
)
from infractl.spec.validate import remainder
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.limit import first

RULES: tuple[Rule, ...] = (
    no_model,
    model_and_models,
    format_unfit,
    format_unknown,
    container_without_image,
    digest_without_file,
    tokens_without_language_model,
    secret_in_plain_text,
    uri_scheme,
    uri_incomplete,
    model_outside_project,
    model_missing,
    data_outside_project,
    data_missing,
    data_format,
    same_data,
    metric_bound,
    metric_setting,
    drop_without_limit,
    optimize_off,
    pass_without_data,
    latency_order,
    duration_positive,
    rate_positive,
    size_positive,
    promise_absolute,
    rollback_within_slo,
    no_condition,
    traffic_order,
    schedule_without_peak,
    unknown_model,
    traffic_shares,
    bad_cron,
    unknown_time_zone,
    budget_positive,
    budget_currency,
    known_currency,
    batching_delay,
    timeout_within_slo,
    cache_address,
    replicas_order,
    rate_limit_by_key,
    secret_source,
    secret_detail,
    direct_and_watched,
    steps_without_canary,
    steps_order,
    steps_end,
    shift_without_reference,
    mode_without_section,
    section_of_another_mode,
    latency_in_batch_mode,
    server_in_batch_mode,
    completion_in_realtime_mode,
    output_is_input,
    unknown_target,
    class_not_at_target,
    region_or_zone,
    allow_and_deny,
    warm_without_serverless,
    ignored_attribute,
    repeated_value,
    repeated_name,
)

PROJECT_RULES: tuple[ProjectRule, ...] = (
    machine_price,
    machine_power,
    price_currency,
    amount_positive,
    known_currency_in_project,
    budget_labels,
    policy_without_rule,
    policy_target,
    policy_region,
    shared_store,
    repeated_in_project,
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
