"""`{env: FRAUD_KEYS}`: where a secret is kept. Its value is never written into a document."""

from infractl.spec.schema.field import Section, option
from infractl.spec.text import Variable, Word


class SecretSource(Section):
    """Where a secret is kept. Exactly one of `env`, `file` and `secret` is given."""

    env: Variable | None = option("An environment variable of whoever applies.", default=None, example="FRAUD_KEYS")
    file: Word | None = option("A file on the machine of whoever applies.", default=None, example="/run/secrets/fraud-keys")
    secret: Word | None = option("The name of a secret in the target's own secret store.", default=None, example="fraud/keys")
    key: Word | None = option("The key inside that secret, where it holds several.", default=None, example="current")
    version: Word | None = option("The secret's version; the newest where it is left out.", default=None, example='"3"')
