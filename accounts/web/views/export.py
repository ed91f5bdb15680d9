"""The page "Export your data", and the archive."""

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncIterator, Generator

from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import account_export, throttling
from accounts.http import HtmxHttpRequest

# Archives at a time: each holds a database connection while it is sent.
AT_ONCE = 3
_slots = threading.BoundedSemaphore(AT_ONCE)
_LOOK_AGAIN_SECONDS = 0.25


@never_cache
@login_required
@require_safe
def export(request: HtmxHttpRequest) -> HttpResponse:
    return render(request, "accounts/export.html")


@never_cache
@login_required
@require_POST
def download(request: HtmxHttpRequest) -> HttpResponseBase:
    """Stream the archive while it is made."""
    now = timezone.now()
    try:
        throttling.EXPORT.count(str(request.user.pk), now=now)
    except throttling.TooManyAttempts as error:
        response = render(request, "accounts/export.html", {"refused": error.sentence}, status=429)
        response.headers["Retry-After"] = str(error.seconds)
        return response
    parts = account_export.archive(request.user.pk, now=now)
    return StreamingHttpResponse(
        in_a_thread(parts) if isinstance(request, ASGIRequest) else parts,
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="memoryloop-{now:%Y-%m-%d}.zip"',
            # A proxy must not buffer the whole archive.
            "X-Accel-Buffering": "no",
        },
    )


async def in_a_thread(parts: Generator[bytes, None, None]) -> AsyncIterator[bytes]:
    """Yield the parts, made one at a time in a thread of their own as the client takes them.

    A few exports are made at once, the others wait for their turn. When the client goes, the one
    it wanted ends.
    """
    while not _slots.acquire(blocking=False):
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    loop = asyncio.get_running_loop()
    # One thread throughout: a database connection belongs to the thread that opened it.
    worker = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="export")
    try:
        while (part := await loop.run_in_executor(worker, next, parts, None)) is not None:
            yield part
    finally:
        worker.submit(_end, parts)
        worker.shutdown(wait=False)


def _end(parts: Generator[bytes, None, None]) -> None:
    try:
        parts.close()
    finally:
        connections.close_all()
        _slots.release()
