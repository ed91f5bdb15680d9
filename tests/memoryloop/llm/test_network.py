"""Connections to providers: what arrives, what does not, and what is said of it."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpcore2
import pytest
import uvloop

from memoryloop.llm import network

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[None]], None]:
    def runs(work: Awaitable[None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(work, 20))

    return runs


@asynccontextmanager
async def connected(serve: Serve) -> AsyncIterator[httpcore2.AsyncNetworkStream]:
    served = asyncio.Event()

    async def serve_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            served.set()

    server = await asyncio.start_server(serve_and_close, "127.0.0.1", 0)
    stream = await network.Backend().connect_tcp("127.0.0.1", port_of(server), timeout=5)
    try:
        yield stream
    finally:
        await stream.aclose()
        await served.wait()
        server.close()


def port_of(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


def test_what_is_sent_arrives_and_then_the_end(run: Callable[[Awaitable[None]], None]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(5))

    async def work() -> None:
        async with connected(serve) as stream:
            await stream.write(b"hello", timeout=5)
            received = b""
            while piece := await stream.read(2, timeout=5):
                assert len(piece) <= 2
                received += piece
            assert received == b"hello"
            assert stream.get_extra_info("is_readable")
            assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"

    run(work())


def test_more_than_is_read_waits_at_the_sender(run: Callable[[Awaitable[None]], None]) -> None:
    sent = 8 * 1024 * 1024

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * sent)

    async def work() -> None:
        async with connected(serve) as stream:
            received = 0
            await asyncio.sleep(0.2)
            while piece := await stream.read(65_536, timeout=5):
                received += len(piece)
            assert received == sent

    run(work())


def test_silence_ends_a_read_and_not_the_connection(
    run: Callable[[Awaitable[None]], None],
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(1))
        await reader.read()

    async def work() -> None:
        async with connected(serve) as stream:
            for seconds in (0.2, 0.05):
                with pytest.raises(httpcore2.ReadTimeout):
                    await stream.read(10, timeout=seconds)
            await stream.write(b"a")
            assert await stream.read(10, timeout=5) == b"a"

    run(work())


def test_a_connection_that_is_reset_says_so(run: Callable[[Awaitable[None]], None]) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def work() -> None:
        async with connected(serve) as stream:
            await asyncio.sleep(0.1)
            with pytest.raises(httpcore2.WriteError):
                await stream.write(b"anybody?")

    run(work())


def test_where_nobody_listens_it_says_so(run: Callable[[Awaitable[None]], None]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def work() -> None:
        with pytest.raises(httpcore2.ConnectError):
            await network.Backend().connect_tcp("localhost", port, timeout=5)

    run(work())


def test_a_server_that_speaks_no_tls_fails_the_handshake(
    run: Callable[[Awaitable[None]], None],
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def work() -> None:
        async with connected(serve) as stream:
            with pytest.raises(httpcore2.ConnectError):
                await stream.start_tls(ssl.create_default_context(), "localhost", timeout=5)

    run(work())
