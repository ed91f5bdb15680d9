"""Conditions on rows: said once, for an engine to read as its SQL, and to records in Python.

Every reading is two-valued: a condition on a missing value is false, so `exclude` keeps the row,
whichever side it is on.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from flashcards.store.errors import UnknownLookup
from flashcards.store.rows.schema import STORE_COLUMNS, TableSpec


class Expression(Protocol):
    """Something that is true or false of a row: And, Or, Not or Condition."""

    def matches(self, record: Any) -> bool: ...


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Expression, ...]

    def matches(self, record: Any) -> bool:
        return all(part.matches(record) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Expression, ...]

    def matches(self, record: Any) -> bool:
        return any(part.matches(record) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression

    def matches(self, record: Any) -> bool:
        return not self.part.matches(record)


@dataclass(frozen=True, slots=True)
class Condition:
    """`field lookup value`, with Django's lookups: exact, in, lt, lte, gt, gte, isnull, contains,
    icontains.
    """

    field: str
    lookup: str
    value: Any
    is_list: bool = False
    # Of `in`: the values, among which one is found as quickly as among few.
    among: frozenset[Any] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Tell whether it asks for one of no values, which no row has."""
        return self.lookup == "in" and not self.value

    def matches(self, record: Any) -> bool:
        actual = getattr(record, self.field)
        if self.lookup == "isnull":
            return (actual is None) is bool(self.value)
        if actual is None:
            return False
        if self.lookup in OPERATORS:
            return bool(OPERATORS[self.lookup][1](actual, self.value))
        if self.lookup == "in":
            return actual in self.among
        if self.lookup == "icontains":
            return bool(self.value.lower() in actual.lower())
        return self.value in actual


# Each with its sign in SQL.
OPERATORS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "exact": ("=", lambda a, b: a == b),
    "lt": ("<", lambda a, b: a < b),
    "lte": ("<=", lambda a, b: a <= b),
    "gt": (">", lambda a, b: a > b),
    "gte": (">=", lambda a, b: a >= b),
}
_COMMON = frozenset({"exact", "in", "isnull"})
_ORDERED = _COMMON | {"lt", "lte", "gt", "gte"}


def _lookups(type_: pa.DataType) -> frozenset[str]:
    if pa.types.is_list(type_):
        return frozenset({"contains", "isnull"})
    if pa.types.is_boolean(type_):
        return _COMMON
    if pa.types.is_string(type_):
        return _ORDERED | {"contains", "icontains"}
    return _ORDERED


def declared_order(spec: TableSpec, name: str) -> None:
    """Raise UnknownLookup unless rows can be put in the order of `due` or `-due`."""
    field = name.removeprefix("-")
    if pa.types.is_list(declared_field(spec, field).type):
        raise UnknownLookup(f"{spec.record.__name__}.{field} is a list and gives no order.")


def declared_field(spec: TableSpec, name: str) -> pa.Field:
    """Return the declared field of that name. Raises UnknownLookup, naming it."""
    if name not in spec.schema.names or name in STORE_COLUMNS:
        raise UnknownLookup(f"{spec.record.__name__} has no field {name!r}.")
    return spec.schema.field(name)


def condition(spec: TableSpec, key: str, value: Any) -> Condition:
    """Return the condition that a keyword says, as `due__lte=now`. Raises UnknownLookup."""
    name, _, lookup = key.partition("__")
    lookup = lookup or "exact"
    field = declared_field(spec, name)
    if lookup not in _lookups(field.type):
        raise UnknownLookup(f"{spec.record.__name__}.{name} has no lookup {lookup!r}.")
    if lookup == "exact" and value is None:
        return Condition(name, "isnull", True)
    as_id = name in spec.ids and lookup != "isnull"
    if lookup == "in":
        # As in Django, a missing value among them matches nothing.
        value = tuple(_id(each) if as_id else each for each in value if each is not None)
        return Condition(name, lookup, value, among=frozenset(value))
    if as_id:
        value = _id(value)
    return Condition(name, lookup, value, is_list=pa.types.is_list(field.type))


def _id(value: Any) -> Any:
    """Return an id given as text as what records hold. Raises ValueError for other text."""
    return uuid.UUID(value) if isinstance(value, str) else value


def all_of(parts: Iterable[Expression]) -> Expression:
    """Return the conjunction; of nothing it is true."""
    gathered = tuple(parts)
    return gathered[0] if len(gathered) == 1 else And(gathered)
