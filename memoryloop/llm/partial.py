"""Partial answers: the whole items of a list whose end was cut off."""

import json
from typing import Any

from pydantic import BaseModel, PrivateAttr

from memoryloop.llm import schemas
from memoryloop.llm.base import T


class PartialList(BaseModel):
    """An answer that is one list, of which a part is worth having."""

    _is_cut_off: bool = PrivateAttr(default=False)

    @property
    def is_cut_off(self) -> bool:
        """Tell whether the answer was longer: these are the items that came whole."""
        return self._is_cut_off


def whole_items(value: object, schema: type[T], *, is_cut_off: bool) -> T | None:
    """Return the items that came whole of an answer that was cut off; None if there are none.

    `value` is an object, or the text that should hold one. A text that ends within its JSON was
    cut off, whatever the provider says. None also for a schema that is no PartialList.
    """
    if not issubclass(schema, PartialList):
        return None
    if isinstance(value, str):
        found = _closed(value, even_if_complete=is_cut_off)
    else:
        found = _without_last(value) if is_cut_off else None
    if not isinstance(found, dict):
        return None
    for name, items in found.items():
        if isinstance(items, list):
            found[name] = [item for item in items if _is_valid(found, name, item, schema)]
            if not found[name]:
                return None
    try:
        kept = schemas.validate_object(found, schema)
    except schemas.InvalidAnswer:
        return None
    kept._is_cut_off = True
    return kept


def _is_valid(whole: dict[str, Any], name: str, item: object, schema: type[T]) -> bool:
    try:
        schemas.validate_object({**whole, name: [item]}, schema)
    except schemas.InvalidAnswer:
        return False
    return True


def _without_last(value: object) -> object:
    """Return an object without the last item of its list, which may be half of one."""
    if not isinstance(value, dict):
        return None
    return {name: item[:-1] if isinstance(item, list) else item for name, item in value.items()}


def _closed(text: str, *, even_if_complete: bool) -> object:
    """Return the object at the beginning of JSON that is cut, with the list's whole items."""
    text = text.rpartition("</think>")[2]
    start = text.find("{")
    if start < 0:
        return None
    open_brackets: list[str] = []
    end = 0
    in_string = escaped = False
    for position in range(start, len(text)):
        sign = text[position]
        if in_string:
            if escaped:
                escaped = False
            elif sign == "\\":
                escaped = True
            elif sign == '"':
                in_string = False
        elif sign == '"':
            in_string = True
        elif sign in "{[":
            open_brackets.append(sign)
        elif sign in "}]":
            if not open_brackets:
                return None
            open_brackets.pop()
            if open_brackets == ["{", "["]:
                end = position + 1
            if not open_brackets:
                # The object is complete.
                return _json(text[start : position + 1]) if even_if_complete else None
    return _json(f"{text[start:end]}]}}") if end else None


def _json(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
