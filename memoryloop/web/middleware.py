"""What stands before every page: health, text that can be stored, headers of all answers.

And whether a request has committed anything: what it did may be done once more only if not.
"""

import itertools
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangosSessionMiddleware
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxMiddleware as DjangosHtmxMiddleware

from memoryloop.server import health
from memoryloop.storable import storable
from memoryloop.web import outages, proxies

logger = logging.getLogger(__name__)

# Nothing from another host, no inline script or style, no plug-in, no frame, no foreign form.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]

_READS = re.compile(r"\s*(?:SELECT|WITH|SHOW|SET|SAVEPOINT|RELEASE|ROLLBACK)\b", re.IGNORECASE)
# Also in a WITH. Functions of our own, and of the queue, write.
_WRITES = re.compile(
    r"\b(?:INSERT|DELETE|MERGE|(?<!FOR )(?<!KEY )UPDATE)\b"
    r"|\b(?:accounts|chat|flashcards|procrastinate)_\w+\s*\(",
    re.IGNORECASE,
)


class SecurityHeadersMiddleware:
    """Set the policies for content and permissions, in development too, and have nothing kept."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        response = self.get_response(request)
        if isinstance(response, HttpResponseBase):
            return _with_headers(response)
        return self._when_ready(response)

    async def _when_ready(self, response: Awaitable[HttpResponseBase]) -> HttpResponseBase:
        return _with_headers(await response)


def _with_headers(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
    # What is not said to be kept is somebody's own, or depends on who asks. Static files are
    # answered before (WhiteNoise).
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


class ProxyMiddleware:
    """Settle who sent the request, before anything asks for its address or scheme."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not proxies.SAID_BY_PROXIES.isdisjoint(request.META):
            proxies.settle(request.META)
        return self.get_response(request)


class StorableTextMiddleware(MiddlewareMixin):
    """Remove NUL, which PostgreSQL does not take, from the values of forms and queries.

    An address with NUL is no page's. Stands after CsrfViewMiddleware, which has read the form by
    then. Django has replaced what is no character.
    """

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        if "\x00" in request.path:
            raise Http404
        for name in ("GET", "POST"):
            data: QueryDict = getattr(request, name)
            values = itertools.chain(data, *(each for _, each in data.lists()))
            if any("\x00" in value for value in values):
                setattr(request, name, _without_nul(data))


def _without_nul(data: QueryDict) -> QueryDict:
    cleaned = QueryDict(mutable=True, encoding=data.encoding)
    for name, values in data.lists():
        cleaned.setlist(storable(name), [storable(value) for value in values])
    cleaned._mutable = False
    return cleaned


class HtmxMiddleware(DjangosHtmxMiddleware):
    """Set `request.htmx`, whose address of the page is None if the header is no address."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if not _is_address(request.headers.get("HX-Current-URL", "")):
            del request.META["HTTP_HX_CURRENT_URL"]
            del request.headers  # made anew of META
        return super().__call__(request)


def _is_address(text: str) -> bool:
    try:
        urlsplit(unquote(text))
        urlsplit(text)
    except ValueError:
        return False
    return True


class CommitsMiddleware:
    """Have `commits_of` tell of a request, from its view on, whether it has committed anything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        commits = cast("_Watched", request).commits = Commits()
        with connection.execute_wrapper(commits):
            return self.get_response(request)


class _Watched(HttpRequest):
    commits: "Commits"


def commits_of(request: HttpRequest) -> "Commits":
    return cast("_Watched", request).commits


def has_committed(request: HttpRequest) -> bool:
    """Tell whether a request has committed anything; one that came to no view has not."""
    commits: Commits | None = getattr(request, "commits", None)
    return commits is not None and commits.were_made


class Commits:
    """Notices whether a statement that may write is committed. A wrapper for Django's cursors."""

    def __init__(self) -> None:
        self.were_made = False

    def __call__(self, execute: Callable[..., Any], sql: Any, *given: Any) -> Any:
        result = execute(sql, *given)
        if not self.were_made and may_write(sql):
            # Now, or once the transaction that it is in has committed.
            transaction.on_commit(self._note)
        return result

    def _note(self) -> None:
        self.were_made = True


def may_write(sql: Any) -> bool:
    """Tell whether a statement may change rows; of one that is not known to read, it may."""
    return not isinstance(sql, str) or not _READS.match(sql) or bool(_WRITES.search(sql))


class OutageMiddleware:
    """Answer what goes wrong in a view while PostgreSQL is away or a disk is full.

    What goes wrong before or after a view comes to `handler500`, which answers the same.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        outage = outages.outage_of(exception)
        if outage is None:
            return None
        logger.error("%s.", outage.heading, exc_info=exception)
        return outages.answer(request, outage)


class SessionMiddleware(DjangosSessionMiddleware):
    """Answer an outage where Django takes it for a session that was deleted, which is a 400.

    Django's session says the same of every error of the database. By then the view is through: if
    it has committed anything, its answer stands, or it would be sent again and done twice. What is
    lost is what the session was to keep, such as a toast.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            return super().process_response(request, response)
        except SessionInterrupted as error:
            outage = outages.outage_of(error)
            if outage is None:
                raise
            logger.error("A session could not be saved. %s.", outage.heading, exc_info=error)
            return response if has_committed(request) else outages.answer(request, outage)


class HealthMiddleware:
    """Answer GET /healthz before anything that needs a session, a known host or a database."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if request.path_info != "/healthz":
            return self.get_response(request)
        if self.is_async:
            # In a thread of its own: checks take time, and Django's one thread may be busy.
            return sync_to_async(healthz, thread_sensitive=False)(request)
        return healthz(request)


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    healthy, findings = health.report()
    status = "ok" if healthy else "failing"
    return JsonResponse(
        {"status": status, **findings},
        status=200 if healthy else 503,
        headers={"Cache-Control": "no-store"},
    )
