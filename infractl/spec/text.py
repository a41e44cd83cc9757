"""Field types that are texts of a certain form, and how one that has another form is told."""

from typing import Annotated

from infractl.spec.schema.shape import Text


def _plain_digest(written: str) -> str:
    """Plans and other tools print a digest with `sha256:` in front, some in upper case."""
    return written.lower().removeprefix("sha256:")


NAME = Text(
    named="name",
    pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$",
    slug="bad-name",
    summary="a name has characters or a length that a name cannot have",
    remedy="use at most 40 lower-case letters, digits and hyphens, first a letter",
)
Name = Annotated[str, NAME]
"""At most 40: within every cloud's limits once a suffix is added."""

VERSION = Text(
    named="version",
    pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,39}$",
    slug="bad-version",
    summary="a version has characters or a length that a version cannot have",
    remedy="use at most 40 letters, digits and . _ + -, first a letter or digit: 2024-11-24, v1.2",
)
Version = Annotated[str, VERSION]
"""It becomes a part of URLs and of file names."""

DIGEST = Text(
    named="sha256",
    pattern="^[0-9a-f]{64}$",
    slug="bad-digest",
    summary="a sha256 is not written as one",
    remedy="copy the 64 hexadecimal digits that `sha256sum` prints for the file, or remove the key",
    normal=_plain_digest,
    spelled="^([Ss][Hh][Aa]256:)?[0-9A-Fa-f]{64}$",
)
Digest = Annotated[str, DIGEST]

LABEL_KEY = Text(
    named="label",
    pattern="^[a-z][a-z0-9_-]{0,62}$",
    slug="bad-label",
    summary="a label has characters or a length that not every platform allows",
    remedy="begin its key with a lower-case letter; use at most 63 lower-case letters, digits, _ and -",
)
LabelKey = Annotated[str, LABEL_KEY]

LABEL_VALUE = Text(
    named="label's value",
    pattern="^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$",
    slug="bad-label",
    summary="a label has characters or a length that not every platform allows",
    remedy="use at most 63 letters, digits and . _ -, first and last a letter or digit",
)
LabelValue = Annotated[str, LABEL_VALUE]
"""What Kubernetes allows in a label's value is allowed everywhere, but for capitals, which a plugin lowers where it must."""

VARIABLE = Text(
    named="environment variable",
    pattern="^[A-Za-z_][A-Za-z0-9_]{0,127}$",
    slug="bad-variable",
    summary="an environment variable has a name that a shell cannot read",
    remedy="use letters, digits and _, first a letter: FRAUD_KEYS",
)
Variable = Annotated[str, VARIABLE]

VALUE_NAME = Text(
    named="value's name",
    pattern="^[A-Za-z][A-Za-z0-9_-]{0,39}$",
    slug="bad-value-name",
    summary="a value has a name that cannot be referred to",
    remedy="use at most 40 letters, digits, _ and -, first a letter: peak",
)
ValueName = Annotated[str, VALUE_NAME]

Scalar = Annotated[str, Text(most=500)] | float | bool
"""What `${name}` may stand for. Not longer, because a document may repeat it."""

ROUTE = Text(
    named="route",
    pattern="^/[!-~]{0,200}$",
    slug="bad-route",
    summary="a route is not a path of a URL",
    remedy="begin it with /, without spaces: /v1/predict",
)
Route = Annotated[str, ROUTE]

REGION = Text(
    named="region",
    pattern="^[a-z][a-z0-9-]{1,40}$",
    slug="bad-region",
    summary="a region is not written as clouds write one",
    remedy="use lower-case letters, digits and hyphens: us-east-1, europe-west4",
)
Region = Annotated[str, REGION]

Word = Annotated[str, Text(least=1, most=500)]
"""Any text that is not empty."""

Location = Annotated[str, Text(named="path or uri", least=1, most=2000)]
"""A path, relative to the document, or a uri such as `s3://bucket/key`."""

FORMED = {text.pattern: text for text in (NAME, VERSION, DIGEST, LABEL_KEY, LABEL_VALUE, VARIABLE, VALUE_NAME, ROUTE, REGION)}
"""The forms by their patterns, which are what a validator's error names."""
