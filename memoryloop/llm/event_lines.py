"""Event lines: the events in the body of a streamed answer, in whatever form a server sends them.

OpenAI's protocol sends server-sent events. Some servers ignore `stream` and send one JSON object;
Ollama's own API sends a JSON object a line. The first sign of the body tells them apart, because
servers and proxies mislabel them.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import httpx2

# How a line of server-sent events begins.
_FIELD = re.compile(rb"(data|event|id|retry)?:")
# The event of `data: [DONE]`.
DONE: dict[str, Any] = {"done": True}


class ErrorEvent(Exception):
    """The body brings an error where an event should be. `body` is what it says."""

    def __init__(self, body: object) -> None:
        super().__init__("an error inside the answer")
        self.body = body


class EventLines:
    """The events of a response: objects of JSON, and DONE. An EventStream (streaming.py)."""

    def __init__(self, response: "httpx2.Response") -> None:
        self.response = response
        self._events = _events(_lines(response))

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._events

    async def close(self) -> None:
        await self._events.aclose()
        await self.response.aclose()

    @property
    def has_proven_end(self) -> bool:
        """Tell whether the response's end was announced, so that it cannot have been cut.

        Without a length and chunks, HTTP/1.1 ends a response by closing the connection.
        """
        headers = self.response.headers
        return "content-length" in headers or "chunked" in headers.get("transfer-encoding", "")


async def _lines(response: "httpx2.Response") -> AsyncGenerator[bytes, None]:
    """Yield the lines of a body. Only a line feed ends one, before which may be "\\r"."""
    rest = bytearray()
    async for part in response.aiter_bytes():
        rest += part
        if b"\n" not in part:
            continue
        *lines, rest = rest.split(b"\n")
        for line in lines:
            yield bytes(line).rstrip(b"\r")
    if rest:
        yield bytes(rest).rstrip(b"\r")


async def _events(lines: AsyncGenerator[bytes, None]) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the events. Raises ErrorEvent, and ValueError for what is no JSON."""
    is_plain: bool | None = None
    # The lines so far of an object that goes over several.
    held: list[bytes] = []
    try:
        async for line in lines:
            if is_plain is None and line.strip():
                is_plain = not _FIELD.match(line)
            if is_plain:
                data, may_be_over = line, not held or line.startswith(b"}")
            elif line.startswith(b"data:"):
                data, may_be_over = line[5:].strip(), not held
            else:
                # An empty line ends an event; a comment and other fields mean nothing.
                if held and not line:
                    value, held = _parse(held), []
                    yield _checked(value)
                continue
            if data == b"[DONE]":
                yield DONE
            elif data.strip():
                held.append(data)
                value = _whole(held) if may_be_over else None
                if value is not None:
                    held = []
                    yield _checked(value)
        if held:
            yield _checked(_parse(held))
    finally:
        await lines.aclose()


def _whole(lines: list[bytes]) -> object:
    """Return the value in some lines; None if it is not complete, or none."""
    try:
        return _parse(lines)
    except ValueError:
        return None


def _parse(lines: list[bytes]) -> object:
    """Return the value in some lines. Raises ValueError."""
    text = b"\n".join(lines)
    try:
        return orjson.loads(text)
    except ValueError:
        # Only this one takes half of a character, which garbled.py mends.
        return json.loads(text)


def _checked(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an event that is no object")
    if value.get("error"):
        raise ErrorEvent(value["error"] if isinstance(value["error"], dict) else value)
    return value
