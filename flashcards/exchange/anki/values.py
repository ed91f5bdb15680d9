"""The values of Anki's columns: an SQLite column may have a value of any type."""

import json
from typing import Any

from flashcards.exchange.anki.package import DAMAGED, BadPackage
from memoryloop.storable import storable


def json_object(value: object) -> dict[str, Any]:
    """Return the object that a JSON text is. Raises BadPackage, or ValueError if it is no JSON."""
    found = json.loads(text(value) or "{}")
    if not isinstance(found, dict):
        raise BadPackage(DAMAGED)
    return found


def integer(value: object) -> int:
    """Return a number that both stores accept; an SQLite column may have a value of any type."""
    if type(value) is int and -(2**62) <= value <= 2**62:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        return min(max(int(value), -(2**62)), 2**62)
    except (ValueError, OverflowError):
        return 0


def text(value: object) -> str:
    """Return a value as text that can be stored."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return "" if value is None else storable(str(value))


def blob(value: object) -> bytes:
    """Return a value if it is bytes, none of it otherwise."""
    return value if isinstance(value, bytes) else b""
