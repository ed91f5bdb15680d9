"""Conditions on rows as PostgreSQL's SQL, with the values beside it: nothing is quoted here."""

import datetime
import enum
import math
import uuid
from collections.abc import Iterable
from typing import Any

from flashcards.store.postgres import collations
from flashcards.store.rows.filters import OPERATORS, And, Condition, Expression, Not, Or

# What a list of values is sent as, where psycopg would have to guess.
_ARRAYS: dict[type, str] = {
    uuid.UUID: "uuid[]",
    str: "text[]",
    datetime.datetime: "timestamptz[]",
    bool: "bool[]",
    int: "float8[]",
    float: "float8[]",
}


def where(*parts: Expression) -> tuple[str, list[Any]]:
    """Return the conjunction of expressions and its values; of none it is true."""
    return _joined(parts, " AND ") if parts else ("true", [])


def value_of(value: Any) -> Any:
    """Return a value as psycopg sends it. Raises TypeError or ValueError for what has no order."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("A filter cannot compare with infinity or NaN.")
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        raise ValueError("A filter compares with aware times only.")
    if isinstance(value, str):
        # PostgreSQL's text holds no NUL, so no row can match one.
        return value.replace("\x00", "\ufffd")
    if isinstance(value, bool | int | float | uuid.UUID | datetime.datetime):
        return value
    raise TypeError(f"{type(value).__name__} cannot be part of a filter.")


def _sql(part: Expression) -> tuple[str, list[Any]]:
    if isinstance(part, And):
        return where(*part.parts)
    if isinstance(part, Or):
        return _joined(part.parts, " OR ")
    if isinstance(part, Not):
        text, values = _sql(part.part)
        return f"(NOT {text})", values
    if isinstance(part, Condition):
        if part.lookup == "isnull":
            return f"({part.field} IS {'' if part.value else 'NOT '}NULL)", []
        text, values = _comparison(part)
        return f"({part.field} IS NOT NULL AND {text})", values
    raise TypeError(f"{type(part).__name__} is no condition.")


def _joined(parts: Iterable[Expression], word: str) -> tuple[str, list[Any]]:
    texts, values = [], []
    for part in parts:
        text, more = _sql(part)
        texts.append(text)
        values += more
    return f"({word.join(texts)})", values


def _comparison(part: Condition) -> tuple[str, list[Any]]:
    if part.lookup in OPERATORS:
        # By the bytes, as LanceDB and Python compare texts.
        value = '%s COLLATE "C"' if isinstance(part.value, str) else "%s"
        sign, _ = OPERATORS[part.lookup]
        return " ".join((part.field, sign, value)), [value_of(part.value)]
    if part.lookup == "in":
        values = [value_of(each) for each in part.value]
        if not values:
            return "false", []
        kind = _ARRAYS[type(values[0])]
        # psycopg sends a list of one kind only.
        sent = list(map(float, values)) if kind == "float8[]" else values
        return f"{part.field} = ANY(%s::{kind})", [sent]
    if part.is_list:
        value = value_of(part.value)
        return f"{part.field} @> ARRAY[%s]::{_ARRAYS[type(value)]}", [value]
    if part.lookup == "contains":
        return f"strpos({part.field}, %s) > 0", [value_of(part.value)]
    lowered = f"lower({part.field}{collations.lowering()})"
    # Compared by its bytes: the other collation is for its letters only.
    return f'strpos({lowered} COLLATE "C", %s) > 0', [value_of(part.value.lower())]
