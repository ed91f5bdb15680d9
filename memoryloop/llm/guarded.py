"""An HTTP transport for servers that learners name: checked addresses, answers of bounded size.

Imports httpx2 and httpcore2: import it when first used.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable

import httpcore2
import httpx2

from memoryloop.llm import guard, network

# An answer of limits.ANSWER_CHARACTERS, with the protocol around each few characters of it.
MAX_RESPONSE_BYTES = 64 * 1024 * 1024


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Resolve a name, and connect to those of its addresses that are allowed, and to no other."""

    def __init__(self) -> None:
        self._backend = network.Backend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: Exception = httpcore2.ConnectError(f"{host} has no address.")
        for address in await _addresses(host, port, timeout):
            if not guard.is_allowed(address):
                failure = guard.NotAllowed("This address is not one that learners may use.")
                continue
            try:
                return await self._backend.connect_tcp(
                    address,
                    port,
                    timeout=timeout,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except httpcore2.ConnectError as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _addresses(host: str, port: int, timeout_seconds: float | None) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_seconds):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout(f"{host} could not be resolved in time.") from error
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"{host} could not be resolved.") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedTransport(network.Transport):
    """Takes no proxy from the environment: a proxy would connect to what nobody has checked."""

    def __init__(self, context: ssl.SSLContext, limits: httpx2.Limits) -> None:
        super().__init__(context, limits, CheckedBackend())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # A compressed answer may be a thousand times the size of what is counted below.
        request.headers["Accept-Encoding"] = "identity"
        response = await super().handle_async_request(request)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            await response.aclose()
            raise httpx2.DecodingError("It sent a compressed answer unasked.")
        stream = response.stream
        if isinstance(stream, httpx2.AsyncByteStream):
            response.stream = _Bounded(stream)
        return response


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > MAX_RESPONSE_BYTES:
                raise httpx2.ReadError("Its answer is larger than any answer is.")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
