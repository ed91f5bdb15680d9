"""Ids and numbers in form fields: what is none is left out."""

import re
import uuid
from collections.abc import Iterable


def ids_in(values: Iterable[str]) -> list[uuid.UUID]:
    """Return the ids in fields of one or of many, with commas or spaces between them, each once."""
    found = []
    for value in re.split(r"[,\s]+", ",".join(values)):
        try:
            found.append(uuid.UUID(value))
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def number_in(text: str | None, *, most_digits: int = 5) -> int | None:
    """Return a whole number from 0 on; None for anything else."""
    is_number = text and text.isascii() and text.isdigit() and len(text) <= most_digits
    return int(text) if text and is_number else None
