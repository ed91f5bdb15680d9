"""Connections to providers, plain and guarded: what arrives, what fails, and the sentences."""

import asyncio
import contextlib
import datetime
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from memoryloop import llm
from memoryloop.llm import limits, transport
from tests.memoryloop.llm.helpers import pieces

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Run = Callable[[Awaitable[None]], None]

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
ANSWER = (
    b'data: {"choices": [{"index": 0, "delta": {"content": "Because."}}]}\n\n'
    b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
    b"data: [DONE]\n\n"
)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(limits, "RETRY_SECONDS", 0.01)

    def runs(work: Awaitable[None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(work, 60))

    return runs


@pytest.fixture(params=[False, True], ids=["plain", "guarded"])
def guarded(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@asynccontextmanager
async def serving(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve each connection with a function, and yield the port."""

    async def serve_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve_and_close, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def provider_at(url: str, *, guarded: bool) -> llm.Provider:
    make = llm.LearnerEndpoint if guarded else llm.openai_compatible
    return make(url, "", "local-model", "Test")


async def answer_at(url: str, *, guarded: bool) -> str:
    return "".join(await pieces(provider_at(url, guarded=guarded)))


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(STREAM_HEAD + ANSWER)
    await writer.drain()


def test_an_answer_arrives_and_ends(run: Run, guarded: bool) -> None:
    async def work() -> None:
        async with serving(answer) as port:
            assert await answer_at(f"http://127.0.0.1:{port}", guarded=guarded) == "Because."

    run(work())


def test_more_than_is_read_waits_at_the_sender(run: Run, guarded: bool) -> None:
    size = 32 * 1024 * 1024
    sent = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 65_536):
            writer.write(b"x" * 65_536)
            await writer.drain()
        sent.set()

    async def work() -> None:
        async with serving(serve) as port:
            url = f"http://127.0.0.1:{port}/"
            client = await transport.http_client(url, guarded=guarded)
            received = 0
            async with client.stream("GET", url) as response:
                async for part in response.aiter_bytes():
                    if not received:
                        await asyncio.sleep(0.3)
                        assert not sent.is_set()
                    received += len(part)
            assert received == size

    run(work())


def test_silence_ends_an_answer_in_time(
    run: Run, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BETWEEN_TEXT_SECONDS", 0.2)
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(STREAM_HEAD + ANSWER.partition(b"\n\n")[0] + b"\n\n")
        with contextlib.suppress(ConnectionError):
            while await reader.read(1_000):
                pass
        left.set()

    async def work() -> None:
        async with serving(serve) as port:
            with pytest.raises(llm.TimedOut, match="in the middle"):
                await answer_at(f"http://127.0.0.1:{port}", guarded=guarded)
            await asyncio.wait_for(left.wait(), 20)

    run(work())


def test_a_connection_that_is_reset_is_tried_once_more(run: Run, guarded: bool) -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        connection = writer.get_extra_info("socket")
        # Closed with what nobody has read, it resets the connection.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def work() -> None:
        async with serving(serve) as port:
            with pytest.raises(llm.Unreachable, match="closed the connection without an answer"):
                await answer_at(f"http://127.0.0.1:{port}", guarded=guarded)

    run(work())
    assert len(asked) == 2


def test_where_nobody_listens_it_says_so(run: Run, guarded: bool) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def work() -> None:
        with pytest.raises(llm.Unreachable, match="cannot be reached"):
            await answer_at(f"http://localhost:{port}", guarded=guarded)

    run(work())


def test_a_server_that_speaks_no_tls_cannot_be_reached(run: Run, guarded: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def work() -> None:
        async with serving(serve) as port:
            with pytest.raises(llm.Unreachable, match="cannot be reached"):
                await answer_at(f"https://localhost:{port}", guarded=guarded)

    run(work())


@pytest.mark.parametrize(("host", "is_right"), [("localhost", True), ("127.0.0.1", False)])
def test_the_certificate_must_be_for_the_name_in_the_address(
    run: Run,
    guarded: bool,
    host: str,
    is_right: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server_context = certificate_for("localhost", tmp_path)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    monkeypatch.setattr(transport, "_tls_context", lambda: trusting)

    async def work() -> None:
        async with serving(answer, server_context) as port:
            url = f"https://{host}:{port}"
            if is_right:
                assert await answer_at(url, guarded=guarded) == "Because."
            else:
                with pytest.raises(llm.Unreachable, match="cannot be reached"):
                    await answer_at(url, guarded=guarded)

    run(work())


def test_a_name_is_resolved_once_and_connected_to_where_it_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []
    resolve = socket.getaddrinfo

    def answers_differently(host: object, *arguments: object, **options: object) -> object:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return resolve(address, *arguments, **options)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(socket, "getaddrinfo", answers_differently)

    async def work() -> None:
        async with serving(answer) as port:
            asked.clear()
            url = f"http://rebinding.example:{port}"
            assert await answer_at(url, guarded=True) == "Because."

    asyncio.run(work())
    assert asked == ["rebinding.example"]


def certificate_for(name: str, folder: Path) -> ssl.SSLContext:
    """Return a server's context with a certificate of its own, which is also in the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
