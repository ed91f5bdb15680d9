"""The pulse of a response: its bytes are a sign of life, whatever they say.

A model that thinks sends pings or comment lines for minutes, which the SDKs keep to themselves.
Imports httpx2: import this module when it is first used.
"""

from collections.abc import AsyncIterator, Callable

import httpx2


class Pulse(httpx2.AsyncByteStream):
    """The body of a response. `on_bytes` is called when some of it comes."""

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body
        self.on_bytes: Callable[[], None] = _nothing

    @classmethod
    def of(cls, response: httpx2.Response) -> "Pulse":
        """Return the pulse of a response whose body was not read yet."""
        body = response.stream
        if not isinstance(body, httpx2.AsyncByteStream):
            raise TypeError("The response was not asked for asynchronously.")
        response.stream = pulse = cls(body)
        return pulse

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._body:
            self.on_bytes()
            yield part

    async def aclose(self) -> None:
        await self._body.aclose()


def _nothing() -> None:
    """Do nothing: nobody waits for the bytes."""
