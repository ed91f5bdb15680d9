"""Garbled text: what no JSON, no database and no page can hold is taken out where it comes in.

A model can write half of a surrogate pair, as "\\ud83d" in JSON, or NUL. Sent on as they are, the
first cannot be encoded as UTF-8, and PostgreSQL stores neither.
"""

import re
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")


def fit(text: str) -> str:
    """Return the text without NUL, and with U+FFFD for half of a character."""
    return _HALF.sub("\ufffd", text.replace("\0", ""))


def fit_value(value: Any) -> Any:
    """Return a value of JSON with all texts in it fit."""
    if isinstance(value, str):
        return fit(value)
    if isinstance(value, list):
        return [fit_value(item) for item in value]
    if isinstance(value, dict):
        return {fit_value(name): fit_value(item) for name, item in value.items()}
    return value
