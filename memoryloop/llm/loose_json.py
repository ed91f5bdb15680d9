"""JSON as models write it: fenced, with prose around it, with small mistakes, cut off at its end.

What is valid JSON is read as JSON. Besides, these are understood: commas too many and too few,
quotation marks within a string that are not escaped, single and curly ones around it, names without
any, comments, Python's True, False and None, and backslashes of LaTeX. Of a list whose end is
missing the items that came whole are read; an item that cannot be read is `BROKEN`, and those after
it are read on. Takes time in proportion to the text.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

# Deeper than any answer: more is no JSON.
DEPTH_MOST = 40


class Broken:
    """What stands in a list where an item could not be read."""

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN: Final = Broken()


@dataclass(frozen=True, slots=True)
class Read:
    """A value, and whether it came whole: of a list that did not, the last item is missing."""

    value: Any
    is_whole: bool = True


class _Malformed(Exception):
    def __init__(self, at: int) -> None:
        super().__init__(f"at {at}")
        self.at = at


_OPENING = re.compile(r"[{\[]")
_BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
_LITERALS = {
    "true": True, "false": False, "null": None, "True": True, "False": False, "None": None,
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z_][\w-]*")
# More than so many openings, one within the other: no answer, and slow to find out by reading.
_TOO_DEEP = re.compile(rf'(?:[{{\[]\s*(?:"[^"]{{0,60}}"\s*:\s*)?){{{DEPTH_MOST}}}')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_CLOSING = {'"': '"', "'": "'", "“": "”", "„": "“"}
# What may follow a string, as a name, in an object and in a list. A mark that something else
# follows is part of the string.
_NAMED = r"[\"'“]?[A-Za-z_][\w -]{0,60}[\"'”]?\s*:"
_AFTER_NAME = re.compile(r"\s*(?::|$)")
_AFTER_VALUE = re.compile(
    rf"\s*(?:\}}|$|//|/\*|,\s*(?:{_NAMED}|[}}\]]|//|/\*|[\"'“]?[\w -]{{0,60}}$)|[\"'“]?{_NAMED})"
)
_AFTER_ITEM = re.compile(r"\s*(?:[,\]]|$|//|/\*)")
# The end of an item and the beginning of the next: no string goes on beyond it.
_BOUNDARY = re.compile(r"[^\"{}]{0,20}\}\s*,?\s*\{\s*[\"'“]?\w")
_ESCAPE = re.compile(r"\\(?![\"\\/bfnrtu])|\\u(?![0-9a-fA-F]{4})")
# Where the item after one that cannot be read begins, and where the list ends.
_NEXT = re.compile(r"\}\s*,?\s*(?=\{)|\}\s*(?=\])")
# Deeper, a list is read loosely at once: to read it twice at each depth would take long.
_STRICT_DEPTH = 4
_STRICT = json.JSONDecoder(strict=False)


def values(text: str) -> list[Read]:
    """Return the objects and lists of a text that are not inside others, in order."""
    text = text.rpartition("</think>")[2].strip()
    for _ in range(2):
        try:
            value = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            break
        if isinstance(value, (dict, list)):
            return [Read(value)]
        if isinstance(value, str):
            text = value
    return list(_Reader(text).values())


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        # Where no item follows any more: it is looked for once.
        self._last = len(text)

    def values(self) -> Iterator[Read]:
        at = 0
        while (at := self._opening(at)) >= 0:
            try:
                read, at = self._value(at, 0)
            except _Malformed as problem:
                at = max(at + 1, problem.at)
                continue
            yield read

    def _opening(self, at: int) -> int:
        match = _OPENING.search(self._text, at)
        return match.start() if match else -1

    def _blank(self, at: int) -> int:
        match = _BLANK.match(self._text, at)
        return match.end() if match else at

    def _value(
        self, at: int, depth: int, after: re.Pattern[str] = _AFTER_VALUE
    ) -> tuple[Read, int]:
        """Return a value and where it ends. Raises _Malformed."""
        text = self._text
        if at >= len(text):
            return Read(None, is_whole=False), at
        if depth > DEPTH_MOST:
            raise _Malformed(at)
        sign = text[at]
        if sign in "{[":
            if deep := _TOO_DEEP.match(text, at):
                raise _Malformed(deep.end())
            if depth <= _STRICT_DEPTH:
                try:
                    value, end = _STRICT.raw_decode(text, at)
                except (ValueError, RecursionError):
                    pass
                else:
                    return Read(value), end
            reader = self._object if sign == "{" else self._list
            return reader(at + 1, depth + 1)
        if sign in _CLOSING:
            return self._string(at, after)
        if word := _WORD.match(text, at):
            if word[0] in _LITERALS:
                return Read(_LITERALS[word[0]]), word.end()
            if word.end() == len(text):
                return Read(None, is_whole=False), word.end()
        if number := _NUMBER.match(text, at):
            # At the end of the text there may be more of it.
            return Read(_number(number[0]), number.end() < len(text)), number.end()
        raise _Malformed(at)

    def _string(self, at: int, after: re.Pattern[str]) -> tuple[Read, int]:
        text, closing, start = self._text, _CLOSING[self._text[at]], at + 1
        at = start
        while True:
            end = text.find(closing, at)
            if end < 0:
                return Read(_unescaped(text[start:]), is_whole=False), len(text)
            if not _is_escaped(text, start, end) and after.match(text, end + 1):
                return Read(_unescaped(text[start:end])), end + 1
            # Escaped or not.
            if _BOUNDARY.match(text, end + 1):
                raise _Malformed(end)
            at = end + 1

    def _object(self, at: int, depth: int) -> tuple[Read, int]:
        text = self._text
        found: dict[str, Any] = {}
        while True:
            at = self._blank(at)
            if at >= len(text):
                return Read(found, is_whole=False), at
            if text[at] == "}":
                return Read(found), at + 1
            if text[at] == ",":
                at += 1
                continue
            name, at = self._name(at)
            at = self._blank(at)
            if at >= len(text):
                return Read(found, is_whole=False), at
            if text[at] != ":":
                raise _Malformed(at)
            read, at = self._value(self._blank(at + 1), depth)
            if read.is_whole or isinstance(read.value, (dict, list)):
                found[name] = read.value
            if not read.is_whole:
                return Read(found, is_whole=False), at

    def _name(self, at: int) -> tuple[str, int]:
        if self._text[at] in _CLOSING:
            read, at = self._string(at, _AFTER_NAME)
            return str(read.value), at
        word = _WORD.match(self._text, at)
        if word is None:
            raise _Malformed(at)
        return word[0], word.end()

    def _list(self, at: int, depth: int) -> tuple[Read, int]:
        text = self._text
        found: list[Any] = []
        while True:
            at = self._blank(at)
            if at >= len(text):
                return Read(found, is_whole=False), at
            if text[at] == "]":
                return Read(found), at + 1
            if text[at] == ",":
                at += 1
                continue
            try:
                read, at = self._value(at, depth, _AFTER_ITEM)
            except _Malformed as problem:
                if text[at] == "{":
                    following = self._next(problem.at)
                    found.append(BROKEN)
                else:
                    # Something between two items.
                    following = self._opening(problem.at) if found else -1
                if following < 0:
                    raise
                at = following
                continue
            if read.is_whole or isinstance(read.value, list) or _has_items(read.value):
                found.append(read.value)
            if not read.is_whole:
                return Read(found, is_whole=False), at

    def _next(self, at: int) -> int:
        """Return where the list goes on after an item that cannot be read; -1 if nowhere."""
        match = _NEXT.search(self._text, at, self._last) if at < self._last else None
        if match is None:
            self._last = min(self._last, at)
            return -1
        return match.end()


def _number(written: str) -> Any:
    # Zeros before a number are no JSON.
    return json.loads(re.sub(r"^(-?)0+(?=\d)", r"\1", written)[:300])


def _is_escaped(text: str, start: int, at: int) -> bool:
    slashes = 0
    while at - slashes > start and text[at - slashes - 1] == "\\":
        slashes += 1
    return slashes % 2 == 1


def _unescaped(written: str) -> str:
    if "\\" not in written:
        return written
    written = _ESCAPE.sub(lambda match: "\\" + match[0], written)
    # A mark that is escaped stays so; one that is not becomes so.
    quoted = re.sub(r'(\\.)|"', lambda match: match[1] or '\\"', written, flags=re.DOTALL)
    try:
        return str(json.loads(f'"{quoted}"', strict=False))
    except ValueError:
        return written


def _has_items(value: object) -> bool:
    """Tell whether an object that is cut holds items that came whole."""
    return isinstance(value, dict) and any(
        isinstance(each, list) and any(isinstance(item, dict) for item in each)
        for each in value.values()
    )
