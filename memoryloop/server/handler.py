"""Django behind ASGI, with one hop to a thread for each request.

Django's own handler runs each middleware and each view in a hop of its own, and keeps a thread for
a request until the last byte of its answer, hours for a stream of events. All our views are plain
functions: middleware and view run here in one go, in one of a few threads, and what is streamed
is sent from the event loop alone.
"""

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Requests beyond this many at once wait for their turn.
_THREADS = 32


class Handler(ASGIHandler):
    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="request")

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        super().load_middleware(is_async=False)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"Only HTTP is spoken here, not {scope['type']}.")
        # Without Django's ThreadSensitiveContext, which is what keeps a thread.
        await self.handle(scope, receive, send)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        # What Django notes about a request (its script prefix) travels in context variables.
        call = contextvars.copy_context().run
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, call, self._respond, request)

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response, with the thread's database connection back in the pool."""
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()
