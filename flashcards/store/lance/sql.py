"""Conditions on rows as LanceDB's SQL. The only place that quotes a value."""

import datetime
import enum
import math
import uuid
from collections.abc import Iterable
from typing import Any

from flashcards.store.rows.filters import OPERATORS, And, Condition, Expression, Not, Or


def where(*parts: Expression) -> str:
    """Return the conjunction of expressions; of none it is true."""
    if len(parts) == 1:
        return _sql(parts[0])
    return _joined(parts, " AND ") if parts else "true"


def quote(value: Any) -> str:
    """Return a value as a DataFusion literal. Raises TypeError for what has no literal."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return quote(value.value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("A filter cannot compare with infinity or NaN.")
        return repr(value)
    if isinstance(value, uuid.UUID):
        return f"'{value}'"
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError("A filter compares with aware times only.")
        return f"timestamp '{value.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S.%f}'"
    if isinstance(value, str):
        # PostgreSQL and Arrow text hold no NUL, so no row can match one; it would end the parse.
        return "'" + value.replace("\x00", "\ufffd").replace("'", "''") + "'"
    raise TypeError(f"{type(value).__name__} cannot be part of a filter.")


def _sql(part: Expression) -> str:
    if isinstance(part, And):
        return where(*part.parts) if len(part.parts) != 1 else _sql(part.parts[0])
    if isinstance(part, Or):
        return _joined(part.parts, " OR ")
    if isinstance(part, Not):
        return f"(NOT {_sql(part.part)})"
    if isinstance(part, Condition):
        if part.lookup == "isnull":
            return f"({part.field} IS {'' if part.value else 'NOT '}NULL)"
        return f"({part.field} IS NOT NULL AND {_comparison(part)})"
    raise TypeError(f"{type(part).__name__} is no condition.")


def _joined(parts: Iterable[Expression], word: str) -> str:
    return "(" + word.join(map(_sql, parts)) + ")"


def _comparison(part: Condition) -> str:
    if part.lookup in OPERATORS:
        return f"{part.field} {OPERATORS[part.lookup][0]} {quote(part.value)}"
    if part.lookup == "in":
        # `IN ()` is no SQL.
        if not part.value:
            return "false"
        return f"{part.field} IN ({', '.join(quote(item) for item in part.value)})"
    if part.is_list:
        return f"array_has({part.field}, {quote(part.value)})"
    if part.lookup == "contains":
        return f"contains({part.field}, {quote(part.value)})"
    return f"contains(lower({part.field}), {quote(part.value.lower())})"
