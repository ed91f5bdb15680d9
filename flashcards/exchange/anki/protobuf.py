"""Protocol Buffers: the fields of a message, as far as Anki packages need it."""

from collections.abc import Iterator

from memoryloop.storable import storable

Value = int | bytes
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class BadMessage(ValueError):
    """The bytes are not a message."""


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Yield (number, value) of each field, in order; fixed-width ones as bytes.

    Raises BadMessage.
    """
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        if kind == _BYTES:
            length, position = _varint(data, position)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise BadMessage("A field has an unknown type.")
        end = position + length
        if end > len(data):
            raise BadMessage("A field is longer than its message.")
        yield number, data[position:end]
        position = end


def first(data: bytes, number: int) -> Value | None:
    """Return the last value of a field, which is the valid one; None without one."""
    found = None
    for each, value in fields(data):
        if each == number:
            found = value
    return found


def text(data: bytes, number: int) -> str:
    """Return a text field as it can be stored; "" without one."""
    value = first(data, number)
    return storable(value.decode("utf-8", "replace")) if isinstance(value, bytes) else ""


def number(data: bytes, field: int) -> int:
    """Return a number field; 0 without one."""
    value = first(data, field)
    return value if isinstance(value, int) else 0


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise BadMessage("A number does not end.")
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
