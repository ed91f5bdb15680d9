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

free_memory.bound()
# What is loaded here stays: the collector need not look through it, neither now nor later.
collecting = gc.isenabled()
gc.disable()
django.setup()

# After Django is set up: they bring settings with them.
from memoryloop.server import background, preload  # noqa: E402
from memoryloop.server.handler import Handler  # noqa: E402

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

handler = Handler()
gc.freeze()
if collecting:
    gc.enable()
# Whoever has something to send waits for whoever renders a page: 5 ms, unless it is said.
sys.setswitchinterval(0.001)


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    else:
        await handler(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    """Lend the server's loop to the background; let that write down what it has before the end."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            background.adopt(asyncio.get_running_loop())
            await send({"type": "lifespan.startup.complete"})
            preload.begin()
            free_memory.begin()
        else:
            await asyncio.to_thread(background.shutdown)
            await send({"type": "lifespan.shutdown.complete"})
            return
