"""Queries of PostgreSQL's full-text search, by the keys of memoryloop.search_words."""

from collections.abc import Iterable, Sequence

from memoryloop.storable import storable


def has_any(keys: Iterable[str]) -> str:
    """Return the tsquery for what has one of the keys, of which there is at least one."""
    return " | ".join(quoted(key) for key in sorted(set(keys)))


def has_all(groups: Sequence[Iterable[str]]) -> str:
    """Return the tsquery for what has a key of each group, as a `Term` has them."""
    return " & ".join(f"({has_any(group)})" for group in groups)


def begins(beginning: str) -> str:
    """Return the tsquery for what has a key that begins so."""
    return f"{quoted(beginning)}:*"


def quoted(key: str) -> str:
    """Return a key as it stands in a tsquery."""
    # There is no empty one; no text has this sign.
    known = storable(key) or "\ufffd"
    escaped = known.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
