"""The ASGI handler: Django's, but with one thread for a request and none for a stream.

Django's own handler keeps a thread, and with it a database connection, from a request's first
middleware to the last byte of its response: minutes for a stream of events. With it the pool's 16
connections are taken by the first 16 readers (docs/decisions/0012-asgi-handler.md). All views are
plain functions, so middleware and view run here in one go in a thread of a pool, and a streamed
response is sent by the event loop alone.

tests/memoryloop/server/test_handler.py fails when Django calls other methods than these.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Further requests wait for a thread.
_THREADS = 32


class Handler(ASGIHandler):
    def __init__(self) -> None:
        super().__init__()
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="request")
        self._respond_in_thread = sync_to_async(
            self._respond, thread_sensitive=False, executor=threads
        )

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        super().load_middleware(is_async=False)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"Only HTTP is spoken here, not {scope['type']}.")
        # Without Django's ThreadSensitiveContext, which keeps a thread for the whole exchange.
        await self.handle(scope, receive, send)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await self._respond_in_thread(request)

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response, and the thread's database connection to the pool."""
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()
