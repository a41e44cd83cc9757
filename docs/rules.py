"""The rules between fields, by the section that they concern, for docs/spec.py: what each tells, and why."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from infractl.spec.project import Project, StoreEntries
from infractl.spec.rule import between, project
from infractl.spec.rule.check import PROJECT_RULES, RULES
from infractl.spec.section.budget import Budget
from infractl.spec.section.fleet import Allowance, FleetBudget, Policy
from infractl.spec.section.hardware import Hardware
from infractl.spec.section.lifecycle import Lifecycle
from infractl.spec.section.mode import Batch
from infractl.spec.section.model import Container, Model, Validation
from infractl.spec.section.optimize import Passes
from infractl.spec.section.rollout import Limits, Rollout
from infractl.spec.section.secret import SecretSource
from infractl.spec.section.serving import Serving
from infractl.spec.section.slo import Slo
from infractl.spec.section.target import MachinePrice
from infractl.spec.section.traffic import Traffic
from infractl.spec.service import Metadata, ServiceSpec

Function = Callable[..., Any]

BETWEEN = (between.duplicate_service, between.moved_from_itself, between.moved_from_declared, between.moved_twice)
CONCERNED: dict[type, str] = {
    Metadata: "duplicate_service",
    Model: "format_unfit format_unknown uri_scheme uri_incomplete model_outside_project model_missing digest_without_file",
    Validation: "data_outside_project data_missing data_format same_data metric_bound metric_setting drop_without_limit",
    Container: "container_without_image secret_in_plain_text",
    Slo: "latency_order duration_positive rate_positive promise_absolute latency_in_batch_mode completion_in_realtime_mode "
    "tokens_without_language_model",
    Traffic: "traffic_order traffic_shares unknown_model schedule_without_peak bad_cron unknown_time_zone",
    Budget: "budget_positive budget_currency known_currency",
    Hardware: "class_not_at_target region_or_zone allow_and_deny",
    Passes: "optimize_off pass_without_data",
    Serving: "batching_delay timeout_within_slo cache_address replicas_order rate_limit_by_key size_positive "
    "warm_without_serverless",
    SecretSource: "secret_source secret_detail",
    Batch: "output_is_input",
    Rollout: "steps_without_canary steps_order steps_end direct_and_watched rollback_within_slo",
    Limits: "no_condition shift_without_reference",
    Lifecycle: "ignored_attribute moved_from_itself moved_from_declared moved_twice",
    StoreEntries: "shared_store",
    MachinePrice: "machine_price machine_power price_currency",
    FleetBudget: "amount_positive budget_labels",
    Policy: "policy_without_rule policy_environment",
    Allowance: "policy_target policy_region",
}
"""Where a rule is read; all others are read where the document begins."""


def rules_at(section: type) -> list[Function]:
    """In the order in which they are checked."""
    everything = {ServiceSpec: (*BETWEEN, *RULES), Project: (*PROJECT_RULES, project.policy_environment)}
    if section in CONCERNED:
        return [r for found in everything.values() for r in found if r.__name__ in CONCERNED[section].split()]
    elsewhere = " ".join(CONCERNED.values()).split()
    return [r for r in everything.get(section, ()) if r.__name__ not in elsewhere]


def line(rule: Function) -> str:
    """A rule as an item of a list: what it tells, and why."""
    told = [f"[{slug}](errors.md#{slug}): {summary}" for slug, summary in dict(told_by(rule)).items()]
    return f"- {'; '.join(told)}. {' '.join((rule.__doc__ or '').split())}"


def told_by(function: Function) -> Iterator[tuple[str, str]]:
    """What a function of the rules tells, itself or by those that it calls: slugs and summaries."""
    for node in ast.walk(tree_of(function)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = function.__globals__.get(node.func.id)
            match node.args:
                case [ast.Constant(value=str(slug)), ast.Constant(value=str(summary)), *_] if node.func.id in (
                    "error",
                    "warning",
                ):
                    yield slug, summary
                case _ if inspect.isfunction(called) and called.__module__.startswith("infractl.spec.rule."):
                    yield from told_by(called)


@cache
def tree_of(function: Function) -> ast.Module:
    return ast.parse(inspect.getsource(function))
