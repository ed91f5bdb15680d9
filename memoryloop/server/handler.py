"""The ASGI handler: Django's, but with one thread for a request and none for a stream.

Django's own handler keeps a thread, and with it a database connection, from a request's first
middleware to the last byte of its response: minutes for a stream of events. With it the pool's 16
connections are taken by the first 16 readers (docs/decisions/0012-asgi-handler.md). All views are
plain functions, so middleware and view run here in one go in a thread of a pool, and a streamed
response is sent by the event loop alone.

tests/memoryloop/server/test_handler.py fails when Django calls other methods than these.
"""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

logger = logging.getLogger(__name__)

# Further requests wait for a thread.
_THREADS = 32
# What is read of a file at a time: Django's blocks of 4 KB would change threads for each.
_PIECE_BYTES = 256 * 1024


class BodyNotKept(Exception):
    """There is no room for the body of a request."""


def _no_room() -> HttpResponse:
    # There is no request yet, and with it no page of ours.
    return HttpResponse(
        "The server’s disk is full. What you sent could not be received; what you saved before is "
        "safe. Tell the person who runs this MemoryLoop.",
        status=507,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "private, no-store"},
    )


def _next_piece(parts: Iterator[bytes]) -> bytes:
    """Return the next parts as one, of some length; nothing at the end."""
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= _PIECE_BYTES:
            break
    return bytes(piece)


class Handler(ASGIHandler):
    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="request")
        self._respond_in_thread = sync_to_async(
            self._respond, thread_sensitive=False, executor=self._threads
        )

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        super().load_middleware(is_async=False)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"Only HTTP is spoken here, not {scope['type']}.")
        # Without Django's ThreadSensitiveContext, which keeps a thread for the whole exchange.
        try:
            await self.handle(scope, receive, send)
        except BodyNotKept:
            await self.send_response(_no_room(), send)

    async def read_body(self, receive: Any) -> Any:
        """Receive the body, a large one into a temporary file. Raises BodyNotKept."""
        try:
            return await super().read_body(receive)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            logger.error("A request could not be received: the disk for temporary files is full.")
            raise BodyNotKept from error

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self._respond_in_thread(request)
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            # A file. Django would warn, and read all of it into memory before the first byte goes.
            parts = cast("Iterator[bytes]", response.streaming_content)
            response.streaming_content = self._in_threads(parts)
        return response

    async def _in_threads(self, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        """Yield what an iterator has, piece by piece, each read in a thread."""
        loop = asyncio.get_running_loop()
        while piece := await loop.run_in_executor(self._threads, _next_piece, parts):
            yield piece

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response, and the thread's database connection to the pool."""
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()
