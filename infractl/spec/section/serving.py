"""`spec.serving`: how requests are taken, joined, answered and turned away."""

from typing import Annotated, Literal

from infractl.spec.quantity import Delay, PerSecond, Seconds, Size
from infractl.spec.schema.field import Section, option, required
from infractl.spec.schema.shape import Items, Number
from infractl.spec.section.secret import SecretSource


class Batching(Section):
    """Batching with a cap and a delay of your own."""

    max_batch: Annotated[int, Number(whole=True, least=1, most=4096)] = required(
        "The most items joined into one call of the model.", example="32"
    )
    max_delay: Delay = option("How long an idle session may wait for more items.", default=0.0, example="500us")


class Cache(Section):
    """Answers kept for requests that come again."""

    backend: Literal["memory", "redis"] = option(
        "Where answers are kept: in each server, or in a Redis for all.", default="memory"
    )
    ttl: Seconds | None = option(
        "How long an answer is good; until the next release where it is left out.", default=None, example="60s"
    )
    size: Size = option("The most memory that answers take.", default=256 * 2**20, example="256MiB")
    address: SecretSource | None = option("Where the Redis's address is kept.", default=None, example="{env: REDIS_URL}")


class RateLimit(Section):
    """What one caller may send."""

    rate: PerSecond = required("Requests of one caller; the next get 429.", example="500/s")
    burst: Annotated[int, Number(whole=True, least=1, most=1_000_000)] | None = option(
        "Requests that may come at once after a pause; one second's where it is left out.", default=None, example="50"
    )
    per: Literal["auto", "key", "address", "service"] = option(
        "Who is one caller: an API key, an address, or all together; `auto` is the key where there is `auth`, else the address.",
        default="auto",
    )


class Auth(Section):
    """Who may call."""

    api_keys: SecretSource = required("Where the accepted API keys are kept, one a line.", example="{env: FRAUD_KEYS}")


class Replicas(Section):
    """Bounds of the number of replicas; 0 lets the service go to sleep."""

    min: Annotated[int, Number(whole=True, least=0, most=10_000)] = option("The fewest replicas.", default=1)
    max: Annotated[int, Number(whole=True, least=1, most=10_000)] | None = option(
        "The most replicas.", default=None, example="10"
    )


class Serving(Section):
    """How requests are taken, joined, answered and turned away."""

    batching: Literal["auto", "off"] | Batching = option(
        "`auto` derives the batch cap from the SLO; `off` serves one item a call; or set it.",
        default="auto",
        example="{maxBatch: 32, maxDelay: 500us}",
    )
    max_concurrency: Literal["auto"] | Annotated[int, Number(whole=True, least=1, most=100_000)] = option(
        "Requests admitted at once, queued ones included; the next get 503.", default="auto", example="256"
    )
    warmup: Annotated[int, Number(whole=True, least=0, most=1000)] = option("Calls before a release takes traffic.", default=3)
    non_finite: Literal["reject", "pass"] = option("What happens to NaN and infinity in floating-point inputs.", default="reject")
    cache: Literal["off"] | Cache = option(
        "Answers kept for requests that come again.",
        default="off",
        example="{backend: memory, ttl: 60s}",
        acted_on=False,
        already=("off",),
    )
    rate_limit: PerSecond | RateLimit | None = option(
        "What one caller may send: a rate, or a mapping.", default=None, example="500/s", acted_on=False, guards=True
    )
    auth: Auth | None = option("Who may call.", default=None, example="{apiKeys: {env: FRAUD_KEYS}}", acted_on=False, guards=True)
    timeout: Seconds | None = option("A request that waited this long is given up.", default=None, example="2s", acted_on=False)
    max_payload: Size | None = option("The largest request that is taken.", default=None, example="8MiB", acted_on=False)
    protocols: Annotated[tuple[Literal["http", "grpc"], ...], Items(least=1)] = option(
        "What the service speaks.", default=("http",), example="[http, grpc]", acted_on=False, already=(["http"],)
    )
    replicas: Literal["auto"] | Annotated[int, Number(whole=True, least=1, most=10_000)] | Replicas = option(
        "How many replicas there are: as the SLO needs, a number, or bounds.",
        default="auto",
        example="{min: 2, max: 10}",
    )
    keep_warm: Annotated[int, Number(whole=True, least=0, most=1000)] = option(
        "Replicas that a serverless target keeps warm.", default=0, acted_on=False, already=(0,)
    )
    load_balancing: Literal["auto", "round-robin", "least-requests", "session"] = option(
        "Which replica gets a request; `session` keeps a caller with one.", default="auto", acted_on=False, already=("auto",)
    )
