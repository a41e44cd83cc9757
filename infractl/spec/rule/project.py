"""Rules about infractl.yaml: prices of machines, stores, budgets and policies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TypeAlias

from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.errors import Diagnostic, Mark
from infractl.spec.project import Project
from infractl.spec.rule.budget import unknown_currency
from infractl.spec.rule.hardware import zone_as_region
from infractl.spec.rule.repeated import names_twice, values_twice
from infractl.spec.section.fleet import Allowance, Requirement
from infractl.spec.section.target import MachinePrice
from infractl.spec.telling.problem import error
from infractl.spec.telling.suggest import did_you_mean
from infractl.spec.validate import dotted
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.document import Path as Keys
from infractl.units import Money

ProjectRule: TypeAlias = Callable[[Project, Document], Iterator[Diagnostic]]


def machine_price(project: Project, document: Document) -> Iterator[Diagnostic]:
    """A machine is paid by the hour, or was bought and draws power: one of the two, or its price would count twice."""
    for path, _ in _prices(project):
        ways = [key for key in ("perHour", "capex") if document.node((*path, key))]
        if len(ways) != 1:
            yield error(
                "machine-price",
                "a machine is paid in no way, or in two",
                f"{dotted(path)} has {' and '.join(ways) or 'neither perHour nor capex'}",
                document.nearest_mark((*path, *ways[1:])),
                "keep perHour for a rented machine, capex for a bought one"
                if ways
                else "write perHour: 0.12 USD, or capex: 8000 USD with months, watts and perKwh",
            )


def machine_power(project: Project, document: Document) -> Iterator[Diagnostic]:
    """What power costs is what is drawn times its price: one without the other says nothing."""
    for path, _ in _prices(project):
        given = [key for key in ("watts", "perKwh") if document.node((*path, key))]
        if len(given) == 1:
            other = "perKwh: 0.30 USD" if given == ["watts"] else "watts: 350"
            yield error(
                "machine-power",
                "a machine's power has no price, or its price no power",
                f"{dotted(path)} has {given[0]} alone",
                document.nearest_mark((*path, given[0])),
                f"add {other}, or remove {given[0]}",
            )


def price_currency(project: Project, document: Document) -> Iterator[Diagnostic]:
    """A machine's price is one sum, and no rate of exchange is guessed."""
    for path, price in _prices(project):
        amounts = {"perHour": price.per_hour, "capex": price.capex, "perKwh": price.per_kwh}
        given = [(key, amount.currency) for key, amount in amounts.items() if amount]
        for key, currency in given[1:]:
            if currency != given[0][1]:
                yield error(
                    "price-currency",
                    "a machine's price has two currencies",
                    f"{key} is in {currency} and {given[0][0]} in {given[0][1]}",
                    _mark(document, (*path, key)),
                    f"write all of {dotted(path)} in {given[0][1]}",
                )


def amount_positive(project: Project, document: Document) -> Iterator[Diagnostic]:
    """Nothing can be bought for nothing. Where there is no limit, the budget is left out."""
    for path, amount in _limits(project):
        if amount is not None and amount.amount <= 0:
            yield error(
                "budget-positive",
                "a budget is zero",
                f"{document.written(path)} buys nothing",
                _mark(document, path),
                f"raise {dotted(path)}, or remove it where there is no limit",
            )


def known_currency_in_project(project: Project, document: Document) -> Iterator[Diagnostic]:
    """Amounts are compared with prices, and no price is in a currency that there is not."""
    for path, amount in _amounts(project):
        yield from unknown_currency(amount, _mark(document, path))


def budget_labels(project: Project, document: Document) -> Iterator[Diagnostic]:
    """Which services share a budget is said by their labels."""
    for index, budget in enumerate(project.budgets):
        if not budget.labels:
            yield error(
                "budget-labels",
                "a shared budget does not say for which services it is",
                f"budgets[{index}].labels is empty",
                document.nearest_mark(("budgets", index, "labels")),
                "name the labels that its services have: labels: {team: risk}",
            )


def policy_without_rule(project: Project, document: Document) -> Iterator[Diagnostic]:
    """A policy that asks for nothing would look as if it protected something."""
    for index, policy in enumerate(project.policies):
        said = any(document.node(("policies", index, key)) for key in ("require", "allow"))
        if policy.require == Requirement() and policy.allow == Allowance():
            yield error(
                "policy-without-rule",
                "a policy asks for nothing",
                f"{policy.name} has {'nothing in require and allow' if said else 'neither require nor allow'}",
                _mark(document, ("policies", index, "name")),
                "say what it asks for, such as require: {sha256: true} or allow: {classes: [cpu]}",
            )


def policy_target(project: Project, document: Document) -> Iterator[Diagnostic]:
    """A policy that allows a target which does not exist allows less than it seems to."""
    for index, policy in enumerate(project.policies):
        for place, target in enumerate(policy.allow.targets or ()):
            if target not in project.targets:
                yield error(
                    "unknown-target",
                    "a target is not in infractl.yaml",
                    f"{target} is not a target of this project",
                    _mark(document, ("policies", index, "allow", "targets", place)),
                    did_you_mean(target, tuple(project.targets), "add it to targets, or use one of"),
                )


def policy_region(project: Project, document: Document) -> Iterator[Diagnostic]:
    """Offers are by region: a zone, which is a part of one, would allow none of them."""
    for index, policy in enumerate(project.policies):
        for place, region in enumerate(policy.allow.regions or ()):
            yield from zone_as_region(region, _mark(document, ("policies", index, "allow", "regions", place)))


def policy_environment(project: Project, document: Document, environments: Collection[str]) -> Iterator[Diagnostic]:
    """A policy for an environment that there is not would never hold. Where no environment is declared yet, it may come."""
    known = (*environments, *((DEFAULT_ENVIRONMENT,) if project.default_environment else ()))
    for index, policy in enumerate(project.policies):
        for place, environment in enumerate(policy.environments or ()):
            if environments and environment not in known:
                yield error(
                    "policy-environment",
                    "a policy is for an environment that there is not",
                    f"{environment} has no file in environments/",
                    _mark(document, ("policies", index, "environments", place)),
                    did_you_mean(environment, known, "declare it, or use one of"),
                )


def shared_store(project: Project, document: Document) -> Iterator[Diagnostic]:
    """Two stores in one directory would take each other's files for their own."""
    stores = project.stores
    given = {"state": stores.state, "artifacts": stores.artifacts, "measurements": stores.measurements, "run": stores.run}
    first: dict[str, str] = {}
    for name, directory in given.items():
        if other := first.get(directory.rstrip("/")):
            later = name if document.node(("stores", name)) else other
            yield error(
                "shared-store",
                "two stores are in the same directory",
                f"{name} is where {other} is",
                _mark(document, ("stores", later)),
                f"give {later} a directory of its own: {directory.rstrip('/')}/{later}",
            )
        first.setdefault(directory.rstrip("/"), name)


def repeated_in_project(project: Project, document: Document) -> Iterator[Diagnostic]:
    """A list holds each value once, and a policy is known by its name."""
    yield from names_twice(document, ("policies",), (p.name for p in project.policies))
    for name, target in project.targets.items():
        yield from values_twice(document, ("targets", name, "classes"), target.classes or ())
    for index, policy in enumerate(project.policies):
        at: Keys = ("policies", index)
        yield from values_twice(document, (*at, "environments"), policy.environments or ())
        yield from values_twice(document, (*at, "require", "labels"), policy.require.labels)
        for key, values in (
            ("targets", policy.allow.targets),
            ("classes", policy.allow.classes),
            ("regions", policy.allow.regions),
        ):
            yield from values_twice(document, (*at, "allow", key), values or ())


def _prices(project: Project) -> Iterator[tuple[Keys, MachinePrice]]:
    for name, target in project.targets.items():
        if target.price:
            yield ("targets", name, "price"), target.price
        for pool, machine in target.machines.items():
            if machine.price:
                yield ("targets", name, "machines", pool, "price"), machine.price


def _limits(project: Project) -> Iterator[tuple[Keys, Money | None]]:
    """The amounts that must not be exceeded."""
    for index, budget in enumerate(project.budgets):
        yield ("budgets", index, "monthly"), budget.monthly
    for index, policy in enumerate(project.policies):
        yield ("policies", index, "allow", "monthly"), policy.allow.monthly


def _amounts(project: Project) -> Iterator[tuple[Keys, Money | None]]:
    """Every amount of money."""
    yield from _limits(project)
    for path, price in _prices(project):
        yield (*path, "perHour"), price.per_hour
        yield (*path, "capex"), price.capex
        yield (*path, "perKwh"), price.per_kwh


def _mark(document: Document, path: Keys) -> Mark:
    return document.mark(path) or document.nearest_mark(path)


RULES: tuple[ProjectRule, ...] = (
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
