"""`spec.async` and `spec.batch`: what a service needs that does not answer at once."""

from typing import Annotated, Literal

from infractl.spec.quantity import Seconds
from infractl.spec.schema.field import Section, option, required
from infractl.spec.schema.shape import Number
from infractl.spec.section.secret import SecretSource
from infractl.spec.text import Location, Word


class Asynchronous(Section):
    """A request is queued, and its answer is written where the caller finds it later."""

    output: Location = required("Where answers are written.", example="s3://acme-answers/fraud/")
    max_queued: Annotated[int, Number(whole=True, least=1, most=1_000_000_000)] | None = option(
        "Requests that may wait; the next are turned away.", default=None, example="10000"
    )
    retention: Seconds = option("How long an answer is kept.", default=86400.0, example="7d")
    webhook: SecretSource | None = option(
        "Where the address is kept that is told of each answer.", default=None, example="{env: DONE_WEBHOOK}"
    )


class Batch(Section):
    """A run over stored records, from time to time."""

    input: Location = required("The records to read: a file, or a folder that ends in /.", example="s3://acme-data/users/")
    output: Location = required("Where the answers are written.", example="s3://acme-data/recommendations/")
    format: Literal["jsonl", "csv", "parquet", "npy"] = option("The format of the records and of the answers.", default="jsonl")
    records: Annotated[int, Number(whole=True, least=1, most=1_000_000_000_000)] | None = option(
        "How many records a run has.", default=None, example="2000000"
    )
    cron: Word | None = option("When runs begin; only when asked where it is left out.", default=None, example='"0 2 * * *"')
    time_zone: Word = option("The time zone of `cron`, by its IANA name.", default="UTC", example="Europe/Berlin")
