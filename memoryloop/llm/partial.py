"""Lists from a model, read item by item: what cannot be read costs itself, not the others.

Models give a list in many ways: as asked; bare, without the object around it; as a string of JSON;
under another name; as one item alone or one a line; cut off in the middle. See `loose_json`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, PrivateAttr

from memoryloop.llm import loose_json, schemas
from memoryloop.llm.base import T
from memoryloop.llm.loose_json import BROKEN, Read

# An answer may be wrapped so often, in objects, lists and strings.
_WRAPPED = 4


class PartialList(BaseModel):
    """An answer that is one list, with fields about the whole perhaps, which have defaults.

    A part of it is worth having.
    """

    _is_cut_off: bool = PrivateAttr(default=False)
    _unread: int = PrivateAttr(default=0)

    @property
    def is_cut_off(self) -> bool:
        """Tell whether the answer was longer: these are the items that came whole."""
        return self._is_cut_off

    @property
    def unread(self) -> int:
        """Return how many items were left out because they could not be read."""
        return self._unread


def read_list(value: object, schema: type[T], *, is_cut_off: bool) -> T | None:
    """Return the items of an answer that can be read; None if it holds no list, or none of them.

    `value` is an object, or the text that should hold one. A text that ends within its JSON was
    cut off, whatever the provider says. None also for a schema that is no PartialList.
    """
    if not issubclass(schema, PartialList):
        return None
    name, item = _list_of(schema)
    reads = loose_json.values(value) if isinstance(value, str) else [Read(value)]
    about: dict[str, Any] = {}
    raw: list[Any] = []
    is_there = False
    for read in reads:
        if not read.is_whole and isinstance(read.value, dict) and _is_item(read.value, item):
            # Half of an item.
            continue
        for items in _lists(read.value, name, item, about, _WRAPPED):
            is_there = True
            raw += items
    if is_cut_off and not isinstance(value, str):
        # It may be half of one.
        raw = raw[:-1]
    found, unread = [], 0
    for each in raw:
        try:
            found.append(schemas.validate_object(each, item))
        except schemas.InvalidAnswer:
            unread += 1
    is_cut_off = is_cut_off or not all(read.is_whole for read in reads)
    if not is_there or (not found and (unread or is_cut_off)):
        return None
    made = _with_list(schema, name, found, about)
    made._is_cut_off, made._unread = is_cut_off, unread
    kept: T = made
    return kept


def count(answer: BaseModel) -> int:
    """Return how many items an answer has; 0 if it is no list."""
    if not isinstance(answer, PartialList):
        return 0
    return len(getattr(answer, _list_of(type(answer))[0]))


def unread(answer: BaseModel) -> int:
    return answer.unread if isinstance(answer, PartialList) else 0


def _list_of(schema: type[PartialList]) -> tuple[str, type[BaseModel]]:
    """Return the name of the list and what its items are."""
    for name, field in schema.model_fields.items():
        for item in get_args(field.annotation):
            if isinstance(item, type) and issubclass(item, BaseModel):
                return name, item
    raise TypeError(f"{schema.__name__} has no list of models")


def _lists(
    value: object, name: str, item: type[BaseModel], about: dict[str, Any], deep: int
) -> Iterator[list[Any]]:
    """Yield the lists of items in a value; `about` gets the fields beside the first one."""
    if deep < 0:
        return
    if isinstance(value, str):
        for read in loose_json.values(value):
            yield from _lists(read.value, name, item, about, deep - 1)
    elif isinstance(value, list):
        # Numbers in brackets are references in prose.
        if not value or any(not isinstance(each, (int, float)) for each in value):
            yield list(_items(value, name, item, about, deep))
    elif isinstance(value, dict):
        if name in value:
            for key, each in value.items():
                if key != name:
                    about.setdefault(key, each)
            yield from _lists(value[name], name, item, about, deep - 1)
        elif _is_item(value, item):
            yield [value]
        else:
            for each in value.values():
                if isinstance(each, (dict, list)):
                    yield from _lists(each, name, item, about, deep - 1)


def _items(
    listed: list[Any], name: str, item: type[BaseModel], about: dict[str, Any], deep: int
) -> Iterator[Any]:
    for each in listed:
        if each is BROKEN or (isinstance(each, dict) and _is_item(each, item)):
            yield each
        elif isinstance(each, (str, list)) or (isinstance(each, dict) and name in each):
            inner = [
                found for items in _lists(each, name, item, about, deep - 1) for found in items
            ]
            # A text that is no JSON is an item that cannot be read.
            yield from inner or [each]
        else:
            yield each


def _is_item(value: Mapping[str, Any], item: type[BaseModel]) -> bool:
    """Tell whether an object has what each item must have."""
    required = [name for name, field in item.model_fields.items() if field.is_required()]
    return all(name in value for name in required)


def _with_list(
    schema: type[PartialList], name: str, found: list[BaseModel], about: Mapping[str, Any]
) -> Any:
    """Return the answer; fields beside the list that cannot be read have their defaults."""
    for fields in (about, {}):
        try:
            kept = schemas.validate_object({**fields, name: []}, schema)
        except schemas.InvalidAnswer:
            continue
        setattr(kept, name, found)
        return kept
    raise TypeError(f"{schema.__name__} has fields beside its list that have no default")
