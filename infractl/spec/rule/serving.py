"""Rules about serving: batching, caches, replicas, callers, and where secrets are kept."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.errors import Diagnostic
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.schema.field import fields_of
from infractl.spec.section.secret import SecretSource
from infractl.spec.section.serving import Batching, Cache, RateLimit, Replicas
from infractl.spec.telling.problem import error
from infractl.spec.validate import dotted
from infractl.spec.yaml.document import Path as Keys


def batching_delay(subject: Subject) -> Iterator[Diagnostic]:
    """A request that waits for others as long as its limit allows cannot be answered within it."""
    batching, limits = subject.spec.serving.batching, subject.spec.slo.latency.limits_s
    if isinstance(batching, Batching) and limits:
        percentile = min(limits, key=lambda p: limits[p])
        if batching.max_delay >= limits[percentile] > 0:
            limit = subject.written("slo", "latency", f"p{percentile}")
            delay = subject.written("serving", "batching", "maxDelay")
            yield error(
                "batching-delay",
                "waiting for a batch takes all the time that the SLO leaves",
                f"maxDelay is {delay} and slo.latency.p{percentile} is {limit}",
                subject.mark("serving", "batching", "maxDelay"),
                f"lower serving.batching.maxDelay well below {limit}, or write batching: auto",
            )


def timeout_within_slo(subject: Subject) -> Iterator[Diagnostic]:
    """Who gives up before the time that is promised breaks the promise: it could still have been kept."""
    timeout = subject.spec.serving.timeout
    for key, promised in {"latency": subject.spec.slo.latency, "ttft": subject.spec.slo.ttft}.items():
        longest = max(promised.limits_s.items(), key=lambda limit: limit[1], default=None)
        if timeout and longest and timeout < longest[1]:
            slo_key = f"slo.{key}.p{longest[0]}"
            limit = subject.written(*slo_key.split("."))
            yield error(
                "timeout-within-slo",
                "a request is given up while its SLO can still be kept",
                f"serving.timeout is {subject.written('serving', 'timeout')} and {slo_key} is {limit}",
                subject.mark("serving", "timeout"),
                f"raise serving.timeout to at least {limit}, or lower {slo_key}",
            )


def cache_address(subject: Subject) -> Iterator[Diagnostic]:
    """A Redis is somewhere; memory is not."""
    cache = subject.spec.serving.cache
    if not isinstance(cache, Cache) or not subject.is_sure(cache.backend, "serving", "cache", "backend"):
        return
    addressed = subject.says("serving", "cache", "address")
    if addressed != (cache.backend == "redis"):
        yield error(
            "cache-address",
            "a cache's backend and its address do not belong together",
            f"the backend {cache.backend} has {'an' if addressed else 'no'} address",
            subject.key_mark("serving", "cache", "address" if addressed else "backend"),
            "write backend: redis, or remove address" if addressed else "say where it is kept: address: {env: REDIS_URL}",
        )


def replicas_order(subject: Subject) -> Iterator[Diagnostic]:
    """min <= max."""
    replicas = subject.spec.serving.replicas
    if isinstance(replicas, Replicas) and replicas.max is not None and replicas.min > replicas.max:
        said = subject.says("serving", "replicas", "min")
        yield error(
            "replicas-order",
            "there are to be more replicas at least than at most",
            f"min is {replicas.min} and max is {replicas.max}",
            subject.mark("serving", "replicas", "min" if said else "max"),
            f"raise serving.replicas.max to at least {replicas.min}, or lower min",
        )


def rate_limit_by_key(subject: Subject) -> Iterator[Diagnostic]:
    """Callers without a key cannot be told apart by it."""
    limit = subject.spec.serving.rate_limit
    by_key = isinstance(limit, RateLimit) and limit.per == "key" and subject.says("serving", "rateLimit", "per")
    if by_key and subject.is_sure("key", "serving", "rateLimit", "per") and not subject.says("serving", "auth"):
        yield error(
            "rate-limit-by-key",
            "callers are limited by a key that they are not asked for",
            "rateLimit.per is key and there is no serving.auth",
            subject.mark("serving", "rateLimit", "per"),
            "add serving.auth: {apiKeys: {env: FRAUD_KEYS}}, or write per: address",
        )


def secret_source(subject: Subject) -> Iterator[Diagnostic]:
    """A secret is kept in one place."""
    for path in secrets(subject):
        given = [key for key in ("env", "file", "secret") if subject.says(*path, key)]
        if len(given) > 1 or not (given or subject.keys(*path) - {field.key for field in fields_of(SecretSource)}):
            yield error(
                "secret-source",
                "where a secret is kept is said in no way, or in several",
                f"{dotted(path)} has {' and '.join(given) or 'none of env, file and secret'}",
                subject.key_mark(*path, *given[1:2]),
                "keep one of them" if given else f"write {dotted(path)}: {{env: VARIABLE}}, or file or secret",
            )


def secret_detail(subject: Subject) -> Iterator[Diagnostic]:
    """A variable or a file holds one value; only a secret store has keys and versions."""
    for path in secrets(subject):
        for key in ("key", "version"):
            if subject.says(*path, key) and not subject.says(*path, "secret"):
                yield error(
                    "secret-detail",
                    "a detail of a secret store stands beside another source",
                    f"{dotted(path)} has a {key} and no secret",
                    subject.key_mark(*path, key),
                    f"remove {key}, or name the secret in the target's store: secret: NAME",
                )


def secrets(subject: Subject) -> Iterator[Keys]:
    """Every place that says where a secret is kept."""
    spec = subject.spec
    if spec.serving.auth:
        yield ("serving", "auth", "apiKeys")
    if isinstance(spec.serving.cache, Cache) and spec.serving.cache.address:
        yield ("serving", "cache", "address")
    if spec.async_ and spec.async_.webhook:
        yield ("async", "webhook")
    for index, alert in enumerate(spec.monitoring.alerts):
        if alert.webhook:
            yield ("monitoring", "alerts", index, "webhook")
    for path, model in subject.models.items():
        for name, value in model.container.env.items():
            if isinstance(value, SecretSource):
                yield (*path, "container", "env", name)


RULES: tuple[Rule, ...] = (
    batching_delay,
    timeout_within_slo,
    cache_address,
    replicas_order,
    rate_limit_by_key,
    secret_source,
    secret_detail,
)
