"""Values of the domain as the text that `--json` prints. Documents with a form of their own are made elsewhere."""

from __future__ import annotations


def json_text(given: object) -> str:
    """Of a value, or of a list of values."""
    import json

    from infractl.state.codec import encode

    return json.dumps([encode(each) for each in given] if isinstance(given, list) else encode(given), indent=2) + "\n"
