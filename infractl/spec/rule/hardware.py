"""Rules about where a service may run: its targets, their classes, offers, and attributes that are left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from infractl.domain.attribute_pattern import AttributePattern
from infractl.domain.hardware_class import HardwareClass
from infractl.errors import Diagnostic, Mark
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.telling.problem import error
from infractl.spec.telling.suggest import did_you_mean, written

_ZONE = re.compile(r"(?P<region>[a-z]+(?:-[a-z]+)*-?[0-9]+)(?:-[a-z]{3}-[0-9]+)?-?[a-z]")
"""us-east-1a and, of a city, us-west-2-lax-1a at AWS; europe-west4-b at Google."""

_MOST_PATTERNS = 200
"""Each is compared with each: no person writes more, and a hostile document must not take long."""


def unknown_target(subject: Subject) -> Iterator[Diagnostic]:
    """A service runs at targets that infractl.yaml declares."""
    for index, target in enumerate(subject.spec.targets):
        if subject.targets is not None and target not in subject.targets:
            yield error(
                "unknown-target",
                "a target is not in infractl.yaml",
                f"{target} is not a target of this project",
                subject.mark("targets", index),
                did_you_mean(target, tuple(subject.targets), "add it to infractl.yaml, or use one of"),
            )


def class_not_at_target(subject: Subject) -> Iterator[Diagnostic]:
    """A target that has none of the service's hardware classes is never used."""
    wanted = subject.spec.hardware.classes
    declared = {name: entry.classes for name, entry in (subject.targets or {}).items() if entry.classes}
    strangers = [name for name, classes in declared.items() if not set(classes) & set(wanted)]
    named = subject.spec.targets
    for index, name in enumerate(named):
        if name in strangers:
            yield error(
                "class-not-at-target",
                "a target has none of the service's hardware classes",
                f"{name} has {', '.join(declared[name] or ())} and the service may use {', '.join(wanted)}",
                subject.mark("targets", index),
                f"add {(declared[name] or ('one',))[0]} to spec.hardware.classes, or remove {name} from spec.targets",
            )
    if not named and strangers and len(strangers) == len(subject.targets or {}):
        yield error(
            "class-not-at-target",
            "a target has none of the service's hardware classes",
            f"the service may use {', '.join(wanted)}, which none of {', '.join(strangers)} has",
            subject.mark("hardware", "classes"),
            "add a class that a target in infractl.yaml has",
        )


def region_or_zone(subject: Subject) -> Iterator[Diagnostic]:
    """Offers are by region: a zone, which is a part of one, has none."""
    for index, region in enumerate(subject.spec.hardware.regions):
        yield from zone_as_region(region, subject.mark("hardware", "regions", index))


def zone_as_region(region: str, mark: Mark) -> Iterator[Diagnostic]:
    """Offers are by region: a zone, which is a part of one, has none."""
    if found := _ZONE.fullmatch(region):
        yield error(
            "zone-as-region",
            "a zone stands where a region must",
            f"{region} is a zone of the region {found['region']}",
            mark,
            f"did you mean {found['region']}?",
        )


def allow_and_deny(subject: Subject) -> Iterator[Diagnostic]:
    """`deny` wins: what it names as a whole can never be allowed."""
    hardware = subject.spec.hardware
    for index, allowed in enumerate(hardware.allow[:_MOST_PATTERNS]):
        if stronger := next((d for d in hardware.deny[:_MOST_PATTERNS] if fnmatchcase(allowed, d)), None):
            yield error(
                "allow-and-deny",
                "offers are allowed and denied at once",
                f"all of {written(allowed)} is denied by {written(stronger)}",
                subject.mark("hardware", "allow", index),
                "remove it from hardware.allow, or narrow hardware.deny",
            )


def warm_without_serverless(subject: Subject) -> Iterator[Diagnostic]:
    """Only serverless instances fall asleep; all others are as warm as `replicas` says."""
    classes = subject.spec.hardware.classes
    if subject.spec.serving.keep_warm and HardwareClass.serverless not in classes:
        yield error(
            "warm-without-serverless",
            "instances are kept warm of a class that the service may not use",
            f"serving.keepWarm is for serverless, and hardware.classes has {', '.join(classes)} alone",
            subject.mark("serving", "keepWarm"),
            "add serverless to hardware.classes, or write serving.replicas: {min: 1} instead of keepWarm",
        )


def ignored_attribute(subject: Subject) -> Iterator[Diagnostic]:
    """An attribute belongs to a kind: several kinds may have one of the same name."""
    for index, attribute in enumerate(subject.spec.lifecycle.ignore_changes):
        if AttributePattern.parse(attribute) is None:
            yield error(
                "ignored-attribute",
                "an attribute to ignore does not say of which kind",
                f"{written(attribute)} is neither KIND.ATTRIBUTE nor KIND/NAME.ATTRIBUTE",
                subject.mark("lifecycle", "ignoreChanges", index),
                f"write it as plan shows it: deployment.{attribute.strip('.') or 'replicas'}",
            )


RULES: tuple[Rule, ...] = (
    unknown_target,
    class_not_at_target,
    region_or_zone,
    allow_and_deny,
    warm_without_serverless,
    ignored_attribute,
)
