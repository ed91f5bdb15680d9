"""The ASGI handler: one thread for a request, none for a stream (0012-asgi-handler.md)."""

import asyncio
import errno
import io
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from unittest import mock

from django.core.handlers.asgi import ASGIHandler
from django.db import connection
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.test import TransactionTestCase, override_settings
from django.urls import get_script_prefix, path

from memoryloop.server.handler import Handler

# More than the database's pool has connections (DATABASE_POOL), and than there are threads.
STREAMS = 40
_ended = asyncio.Event()


def note_thread(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        before = threading.get_ident()
        response = get_response(request)
        response["X-Middleware"] = f"{before} {threading.get_ident()}"
        return response

    return middleware


def one(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(f"{threading.get_ident()} {get_script_prefix()}")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")

    async def words() -> AsyncIterator[bytes]:
        yield b"begun"
        await _ended.wait()

    return StreamingHttpResponse(words())


FILE = bytes(range(256)) * 5_000


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(FILE), as_attachment=True, filename="cards.apkg")


def lines(request: HttpRequest) -> StreamingHttpResponse:
    def numbers() -> Iterator[bytes]:
        for number in range(5):
            _threads.add(threading.get_ident())
            yield b"%d\n" % number

    return StreamingHttpResponse(numbers())


_threads: set[int] = set()
urlpatterns = [
    path("one/", one),
    path("stream/", stream),
    path("file/", file),
    path("lines/", lines),
]


class Exchange:
    """One request, as an ASGI server makes it, and what came back."""

    def __init__(self, address: str, root: str = "") -> None:
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": root + address,
            "root_path": root,
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.pieces = 0
        self.begun = asyncio.Event()
        self._requests: Iterator[dict[str, Any]] = iter([{"type": "http.request", "body": b""}])

    async def run(self, handler: Handler) -> None:
        await handler(self.scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        request = next(self._requests, None)
        if request is None:
            # The browser stays until it has everything.
            await asyncio.Event().wait()
            raise AssertionError
        return request

    async def _send(self, message: dict[str, Any]) -> None:
        self.headers |= dict(message.get("headers", []))
        self.body += message.get("body", b"")
        self.pieces += bool(message.get("body"))
        if self.body:
            self.begun.set()


@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[f"{__name__}.note_thread"])
class HandlerTests(TransactionTestCase):
    def test_middleware_and_view_run_in_one_thread_that_knows_the_request(self) -> None:
        exchange = Exchange("/one/", "/memory")
        asyncio.run(exchange.run(Handler()))

        thread, prefix = exchange.body.decode().split()
        self.assertEqual(exchange.headers[b"X-Middleware"].decode(), f"{thread} {thread}")
        self.assertNotEqual(thread, str(threading.get_ident()))
        self.assertEqual(prefix, "/memory/")

    def test_files_are_sent_piece_by_piece_and_without_a_warning(self) -> None:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            for address, body in (("/file/", FILE), ("/lines/", b"0\n1\n2\n3\n4\n")):
                exchange = Exchange(address)
                asyncio.run(exchange.run(Handler()))
                self.assertEqual(exchange.body, body)
                if body is FILE:
                    self.assertGreater(exchange.pieces, 2)
        self.assertEqual([str(each.message) for each in said], [])
        self.assertNotIn(threading.get_ident(), _threads)

    def test_a_body_that_there_is_no_room_for_is_answered_in_plain_words(self) -> None:
        exchange = Exchange("/one/")
        full = OSError(errno.ENOSPC, "No space left on device")
        with (
            mock.patch.object(ASGIHandler, "read_body", side_effect=full),
            self.assertLogs("memoryloop.server.handler", "ERROR"),
        ):
            asyncio.run(exchange.run(Handler()))
        self.assertIn("disk is full", exchange.body.decode())

    def test_open_streams_keep_neither_threads_nor_database_connections(self) -> None:
        handler = Handler()

        async def open_streams_and_ask() -> bytes:
            global _ended
            _ended = asyncio.Event()
            exchanges = [Exchange("/stream/") for _ in range(STREAMS)]
            tasks = [asyncio.create_task(each.run(handler)) for each in exchanges]
            for each in exchanges:
                await asyncio.wait_for(each.begun.wait(), 60)
            another = Exchange("/one/")
            await asyncio.wait_for(another.run(handler), 60)
            _ended.set()
            await asyncio.gather(*tasks)
            return another.body

        self.assertTrue(asyncio.run(open_streams_and_ask()))
