"""JSON Schemas in the form that providers take, and the parsing of the answers."""

import json
import re
from typing import Any

from pydantic import BaseModel, ValidationError

from memoryloop.llm import loose_json
from memoryloop.llm.base import T
from memoryloop.llm.garbled import fit_value

# Keywords that constrained decoding refuses at OpenAI and at Anthropic. Pydantic still checks them.
_NOT_DECODABLE = {
    "title", "default", "examples", "minLength", "maxLength", "pattern", "format", "minItems",
    "maxItems", "uniqueItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf",
}  # fmt: skip
# What Pydantic calls a value that is no list or no object, and how one is written.
_NESTED = {
    "list_type": "[]",
    "tuple_type": "[]",
    "dict_type": "{}",
    "model_type": "{}",
    "model_attributes_type": "{}",
}
# A string may hold a list of strings that hold objects, and so on.
_WRITTEN_AS_STRINGS = 4
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the model's JSON Schema in the subset that every provider's decoder takes.

    References are written out (a model that contains itself raises ValueError), every property
    is required and nothing else allowed.
    """
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    return dict(_strict(schema, definitions, ()))


def _strict(node: Any, definitions: dict[str, Any], inside: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_strict(item, definitions, inside) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        if name in inside:
            raise ValueError(f"{name} contains itself: no provider's decoder takes that")
        described = {key: value for key, value in node.items() if key == "description"}
        return _strict({**definitions[name], **described}, definitions, (*inside, name))
    strict = {
        key: (
            {name: _strict(item, definitions, inside) for name, item in value.items()}
            if key == "properties"
            else _strict(value, definitions, inside)
        )
        for key, value in node.items()
        if key not in _NOT_DECODABLE
    }
    if "properties" in strict:
        strict["required"] = list(strict["properties"])
        strict["additionalProperties"] = False
    return strict


def instructions(schema: dict[str, Any]) -> str:
    """Return the instructions that ask a model in words for JSON that matches a schema."""
    return (
        "Answer with one JSON object and nothing else: no prose before or after it, no code fence. "
        f"It must match this JSON Schema:\n{json.dumps(schema, ensure_ascii=False)}"
    )


def parse_object(answer: str, schema: type[T]) -> T:
    """Return the validated object in the text of an answer. Raises InvalidAnswer."""
    try:
        value = _json(answer)
    except ValueError as error:
        raise InvalidAnswer(f"The answer was not JSON: {error}.") from None
    return validate_object(value, schema)


def validate_object(value: object, schema: type[T]) -> T:
    """Return the validated object. Raises InvalidAnswer.

    A list or an object may be written as a string of JSON, as models do inside a tool's input.
    """
    value = fit_value(value)
    for _ in range(_WRITTEN_AS_STRINGS):
        try:
            return schema.model_validate(value)
        except ValidationError as error:
            read = _with_strings_read(value, error)
            if read is value:
                break
            value = read
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        lines = [
            f"- {'.'.join(str(part) for part in item['loc']) or 'the whole'}: {item['msg']}"
            for item in error.errors(include_url=False, include_input=False)[:10]
        ]
        raise InvalidAnswer("\n".join(lines)) from None


def _with_strings_read(value: Any, error: ValidationError) -> Any:
    """Return the value with those strings read that stand where an object or a list belongs.

    The value itself, if there are none.
    """
    read = value
    for item in error.errors(include_url=False):
        brackets = _NESTED.get(item["type"])
        if brackets is None or not isinstance(item["input"], str):
            continue
        try:
            nested = fit_value(_json(item["input"], brackets))
        except ValueError:
            continue
        read = _replaced(read, item["loc"], nested)
    return read


def _replaced(value: Any, place: tuple[int | str, ...], nested: object) -> Any:
    """Return a copy of a value with another in one place; the value itself if that is not there."""
    if not place:
        return nested
    first, rest = place[0], place[1:]
    if isinstance(value, dict) and first in value:
        return {**value, first: _replaced(value[first], rest, nested)}
    if isinstance(value, list) and isinstance(first, int) and first < len(value):
        return [*value[:first], _replaced(value[first], rest, nested), *value[first + 1 :]]
    return value


class InvalidAnswer(Exception):
    """An answer does not match the schema. The text tells the model what is wrong."""


def _json(answer: str, brackets: str = "{}") -> object:
    """Read JSON that may be fenced, follow reasoning, or be wrapped in a sentence."""
    text = answer.rpartition("</think>")[2].strip()
    candidates = [text]
    candidates += [match.group(1) for match in _FENCE.finditer(text)]
    start, end = text.find(brackets[0]), text.rfind(brackets[1])
    if 0 <= start < end:
        candidates.append(text[start : end + 1])
    first: ValueError | None = None
    for candidate in candidates:
        try:
            value: object = json.loads(candidate, strict=False)
        except (ValueError, RecursionError) as error:
            first = first or ValueError(str(error))
        else:
            return value
    wanted = dict if brackets == "{}" else list
    for read in loose_json.values(text):
        if read.is_whole and isinstance(read.value, wanted):
            return read.value
    raise first or ValueError("nothing in it")


def correction_message(problem: str) -> str:
    """Return the message that asks the model to correct its answer."""
    return (
        "Your answer could not be used:\n"
        f"{problem}\n"
        "Answer again, complete and from the start, in exactly the form that was asked for."
    )
