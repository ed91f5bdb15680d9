"""Server-sent events, as providers stream them: bytes in, names and JSON out.

The SDKs do this too, at three times the cost: hundreds of times an answer.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import orjson

# Two line ends, each of which may be "\n", "\r\n" or "\r".
_BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)")
# How OpenAI's protocol says that nothing more comes.
_DONE = b"[DONE]"


@dataclass(frozen=True, slots=True)
class Event:
    """`data` is what its JSON says; `done` that the stream says it is at its end."""

    name: str
    data: Any
    done: bool = False


class Decoder:
    """Takes the bytes as they come, cut anywhere."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that are complete now. Raises ValueError where one is no JSON.

        An event without data is none, as the standard has it. Costs some 3 µs an event.
        """
        self._waiting += data
        events: list[Event] = []
        # What was looked through before need not be again, but for half a blank line at its end.
        while end := _BLANK_LINE.search(self._waiting, max(0, self._searched - 3)):
            block = bytes(self._waiting[: end.start()])
            del self._waiting[: end.end()]
            self._searched = 0
            event = _read(block)
            if event is not None:
                events.append(event)
        self._searched = len(self._waiting)
        return events


def _read(block: bytes) -> Event | None:
    name, data = b"", []
    for line in block.splitlines():
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    text = b"\n".join(data)
    if not text:
        return None
    if text.startswith(_DONE):
        return Event("", None, done=True)
    return Event(name.decode("utf-8", "replace"), _parse(text))


def _parse(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # It is stricter than JSON is spoken: half an emoji ("\\ud83d") ends a piece now and then.
        return json.loads(text)
