"""Connections to providers, without the layers that each piece of an answer would pass through.

A model sends its answer in hundreds of pieces of a few bytes. What the HTTP library does by default
to receive one of them (a task group's time limit, a lock, a checkpoint) costs more than to read it,
and with two hundred answers at once a third of a processor. Here a piece that has come is handed
over, and one clock for each connection watches over its time limit.

Imports httpx2 and httpcore2: import it when first used.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable
from typing import Any, cast

import httpcore2
import httpx2

# Beyond this much that nobody has read, the connection is not read from.
_MOST_BYTES = 256 * 1024
# How long one address is tried alone before the next is tried beside it (RFC 8305, section 5).
_HEAD_START_SECONDS = 0.25


class Connection(asyncio.Protocol):
    """What has come over a connection and was not read yet."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._ended = self._paused = False
        self._error: Exception | None = None
        self._transport: asyncio.Transport | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._deadline = 0.0
        self._clock: asyncio.TimerHandle | None = None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # By its kind, not its class: uvloop's is no child of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._transport is not None and len(self._received) > _MOST_BYTES:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended, self._error = True, self._error or error
        if self._clock is not None:
            self._clock.cancel()
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # What the stream below calls.

    @property
    def is_readable(self) -> bool:
        return bool(self._received) or self._ended

    async def read(self, most: int, timeout_seconds: float | None) -> bytes:
        """Return what has come, b"" at the end. Raises httpcore2.ReadError, ReadTimeout."""
        if not self._received and not self._ended:
            await self._arrival(timeout_seconds)
        if not self._received:
            if self._error is not None:
                raise httpcore2.ReadError(str(self._error)) from self._error
            return b""
        data = bytes(self._received[:most])
        del self._received[:most]
        if self._paused and self._transport is not None and len(self._received) <= _MOST_BYTES:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def write(self, data: bytes, timeout_seconds: float | None) -> None:
        """Send. Raises httpcore2.WriteError, WriteTimeout."""
        if self._ended or self._transport is None:
            raise httpcore2.WriteError("The connection is closed.")
        self._transport.write(data)
        if not self._writable.is_set():
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._writable.wait()
            except TimeoutError as error:
                raise httpcore2.WriteTimeout("It takes nothing more.") from error
        if self._error is not None:
            raise httpcore2.WriteError(str(self._error)) from self._error

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def start_tls(self, context: ssl.SSLContext, hostname: str | None) -> None:
        if self._transport is None:
            raise ConnectionError("The connection is closed.")
        self._transport = await self._loop.start_tls(
            self._transport, self, context, server_hostname=hostname
        )

    def about(self, name: str) -> Any:
        return self._transport.get_extra_info(name) if self._transport is not None else None

    async def _arrival(self, timeout_seconds: float | None) -> None:
        reader = self._reader = self._loop.create_future()
        if timeout_seconds is not None:
            self._deadline = self._loop.time() + timeout_seconds
            if self._clock is None or self._clock.when() > self._deadline:
                self._set_clock()
        else:
            self._deadline = float("inf")
        try:
            await reader
        finally:
            self._reader = None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _set_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
        self._clock = self._loop.call_at(self._deadline, self._look_at_clock)

    def _look_at_clock(self) -> None:
        """End a read whose time is up. The clock is not set anew for each: it looks again."""
        self._clock = None
        if self._reader is None or self._reader.done() or self._deadline == float("inf"):
            return
        if self._loop.time() < self._deadline:
            self._set_clock()
        else:
            self._reader.set_exception(httpcore2.ReadTimeout("Nothing came in time."))


class Stream(httpcore2.AsyncNetworkStream):
    """A connection as the HTTP library wants it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._connection.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:
            await self._connection.write(buffer, timeout)

    async def aclose(self) -> None:
        self._connection.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                await self._connection.start_tls(ssl_context, server_hostname)
        except TimeoutError as error:
            self._connection.close()
            raise httpcore2.ConnectTimeout("The TLS handshake took too long.") from error
        except OSError as error:  # ssl.SSLError is one
            self._connection.close()
            raise httpcore2.ConnectError(str(error)) from error
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._connection.is_readable
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._connection.about(names.get(info, info))


class Backend(httpcore2.AsyncNetworkBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - never asked for
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                connected = await _connect(host, port)
                for option in socket_options or ():
                    connected.setsockopt(*option)
                _, connection = await loop.create_connection(Connection, sock=connected)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"{host} does not answer.") from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from error
        return Stream(connection)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Transport(httpx2.AsyncHTTPTransport):
    """HTTP over these connections. Takes no proxy from the environment."""

    def __init__(
        self,
        context: ssl.SSLContext,
        limits: httpx2.Limits,
        backend: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        super().__init__(verify=context, trust_env=False, limits=limits)
        # The one thing that AsyncHTTPTransport does not hand through to its pool.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=backend or Backend(),
        )


async def _connect(host: str, port: int) -> socket.socket:
    """Return a socket connected to the first of a host's addresses that answers.

    The next address is tried when one fails, or beside one that takes its time. Raises OSError.
    """
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure: OSError = OSError(f"{host} has no address.")
    trying: set[asyncio.Task[socket.socket]] = set()
    try:
        while addresses or trying:
            if addresses:
                trying.add(asyncio.create_task(_connect_to(addresses.pop(0))))
            done, trying = await asyncio.wait(
                trying,
                timeout=_HEAD_START_SECONDS if addresses else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                error = task.exception()
                if error is None:
                    return task.result()
                if not isinstance(error, OSError):
                    raise error
                failure = error
    finally:
        for task in trying:
            task.cancel()
    raise failure


async def _connect_to(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, where = address
    connecting = socket.socket(family, kind, protocol)
    try:
        connecting.setblocking(False)
        with contextlib.suppress(OSError):
            connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connecting, where)
    except BaseException:
        connecting.close()
        raise
    return connecting
