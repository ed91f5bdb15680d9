"""What an operator watches of the web process: GET /metrics, and how each request went.

Neither middleware is there unless it is wanted, so that requests cost nothing more.
"""

import hmac
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from memoryloop.server import readings
from memoryloop.watching import measures, prometheus, spans, telemetry

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What is no page of ours, or was answered before it was known which.
_NO_VIEW = "none"
# From this status on, what was asked for was not done.
_REFUSED = 400


class MetricsMiddleware:
    """Answer GET /metrics before anything that needs a session or a known host."""

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        readings.register()
        prometheus.begin()
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info != "/metrics":
            return self.get_response(request)
        return metrics(request)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the figures of this process and of the installation, if the token is right."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    is_right = hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    if scheme.lower() != "bearer" or not is_right:
        return HttpResponse(
            "The bearer token of MEMORYLOOP_METRICS is needed here.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"},
        )
    return HttpResponse(
        prometheus.begin().page(),
        content_type=prometheus.CONTENT_TYPE,
        headers={"Cache-Control": "no-store"},
    )


class WatchMiddleware:
    """Record each request by the name of its view. Stands after what answers for static files."""

    def __init__(self, get_response: GetResponse) -> None:
        if not (settings.METRICS_TOKEN or telemetry.are_wanted()):
            raise MiddlewareNotUsed
        readings.register()
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        method = request.method if request.method in _METHODS else "other"
        if spans.are_wanted():
            response = self._traced(request, str(method))
        else:
            response = self.get_response(request)
        seconds = time.perf_counter() - began
        view, status = _view(request), response.status_code
        measures.record(measures.REQUEST, seconds, view, str(method), str(status))
        if view in measures.of_view and status < _REFUSED:
            measures.record(measures.of_view[view], seconds)
        return response

    def _traced(self, request: HttpRequest, method: str) -> HttpResponseBase:
        statements = _Statements()
        with spans.span("request") as span, connection.execute_wrapper(statements):
            response = self.get_response(request)
            match = request.resolver_match
            span.say(
                http__request__method=method,
                http__response__status_code=response.status_code,
                # The pattern, not the address.
                http__route=match.route if match else "",
                memoryloop__view=_view(request),
                memoryloop__sql__count=statements.count,
                memoryloop__sql__seconds=statements.seconds,
            )
            if response.status_code >= 500:
                span.fail(str(response.status_code))
        return response


def _view(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.view_name if match else _NO_VIEW


class _Statements:
    """Counts the SQL statements of Django's cursors, and the seconds that they take."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*args)
        finally:
            self.count += 1
            self.seconds += time.perf_counter() - began
