"""The ASGI application, for `manage.py serve` and any ASGI server."""

import asyncio
import gc
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import django

from memoryloop.server import free_memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")

free_memory.limit()
# Everything loaded here stays, so the garbage collector need not search it, now or later.
collecting = gc.isenabled()
gc.disable()
django.setup()

# Imported after django.setup(), because they read the settings.
from memoryloop.server import background, preload  # noqa: E402
from memoryloop.server.handler import Handler  # noqa: E402
from memoryloop.watching import telemetry  # noqa: E402

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

handler = Handler()
gc.freeze()
if collecting:
    gc.enable()
# The longest that the event loop, which sends answers, waits for a thread that renders a page.
# Python's default is 5 ms.
sys.setswitchinterval(0.001)


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    else:
        await handler(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    """Run background tasks on the server's loop, and end them before the loop ends."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            background.adopt(asyncio.get_running_loop())
            telemetry.begin("web")
            await send({"type": "lifespan.startup.complete"})
            preload.begin()
            free_memory.begin()
        else:
            await asyncio.to_thread(background.shutdown)
            await asyncio.to_thread(telemetry.end)
            await send({"type": "lifespan.shutdown.complete"})
            return
