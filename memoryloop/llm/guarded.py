"""The guarded transport: HTTP to servers that learners name, at checked addresses only.

The answers are of bounded size. Imports httpx2 and httpcore2: import this module when it is first
used.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable

import httpcore2
import httpx2

from memoryloop.llm import guard

# An answer of limits.ANSWER_CHARACTERS, with the protocol around each few characters of it.
MAX_RESPONSE_BYTES = 64 * 1024 * 1024


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Resolve a name once, and connect only to those of its addresses that guard.py allows."""

    def __init__(self) -> None:
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: Exception = httpcore2.ConnectError(f"{host} has no address.")
        for address in await _resolve(host, port, timeout):
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


async def _resolve(host: str, port: int, timeout_seconds: float | None) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_seconds):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout(f"{host} could not be resolved in time.") from error
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"{host} could not be resolved.") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedTransport(httpx2.AsyncBaseTransport):
    """HTTP/1.1 over a connection pool of httpcore2 that connects through CheckedBackend.

    httpx2.AsyncHTTPTransport takes no backend, so the pool is called here. No proxy is used: a
    proxy would connect to an address that was not checked.
    """

    def __init__(self, context: ssl.SSLContext, limits: httpx2.Limits) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=CheckedBackend(),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # A compressed answer may be a thousand times the size of what is counted below.
        request.headers["Accept-Encoding"] = "identity"
        answer = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        response = httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_BoundedStream(answer),
            extensions=answer.extensions,
        )
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            await response.aclose()
            raise httpx2.DecodingError("It sent a compressed answer unasked.")
        return response

    async def aclose(self) -> None:
        await self._pool.aclose()


class _BoundedStream(httpx2.AsyncByteStream):
    """The body of a response. Raises ReadError beyond MAX_RESPONSE_BYTES."""

    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._response.aiter_stream():
            size += len(part)
            if size > MAX_RESPONSE_BYTES:
                raise httpx2.ReadError("Its answer is larger than any answer is.")
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()
