"""Outages: what is answered while PostgreSQL is away, or a disk is full.

Both can be met anywhere: in a view, in the middleware that reads a session, while an upload is
received. The page asks for nothing that may be missing, and keeps what was typed.
"""

import logging
import sys
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from memoryloop.errors import chain
from memoryloop.postgres import unreachable

logger = logging.getLogger(__name__)

_RETRY_SECONDS = "10"
# Of a form with such a field nothing is written into a page.
_SECRET = ("password", "key", "token", "secret")
_CSRF = "csrfmiddlewaretoken"


@dataclass(frozen=True)
class Outage:
    status: int
    heading: str
    sentence: str

    @property
    def words(self) -> str:
        """Return what a script shows, which has no place for a heading."""
        return f"{self.heading}. {self.sentence}"


DATABASE_AWAY = Outage(
    503,
    "The database is temporarily unavailable",
    "What you saved or rated before is safe. Try again in a moment; if it happens again, tell the "
    "person who runs this MemoryLoop: the server’s log says why.",
)
DISK_FULL = Outage(
    507,
    "The server’s disk is full",
    "Nothing more can be saved until the person who runs this MemoryLoop has made room. What you "
    "saved or rated before is safe.",
)


def outage_of(error: BaseException) -> Outage | None:
    """Return the outage that an error comes from, also through other errors; None for a fault."""
    if unreachable.is_for_want_of_room(error):
        return DISK_FULL
    return DATABASE_AWAY if any(map(unreachable.is_away, chain(error))) else None


def answer(request: HttpRequest, outage: Outage) -> HttpResponse:
    """Return the page, or for a script its words. Uses no database and no session."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(outage.words, content_type="text/plain; charset=utf-8")
    elif _is_for_a_script(request):
        response = JsonResponse({"error": outage.words})
    else:
        typed, token = _typed(request)
        context = {
            "outage": outage,
            "typed": typed,
            "token": token,
            "path": request.get_full_path(),
        }
        response = HttpResponse(render_to_string("outage.html", context))
    response.status_code = outage.status
    response.headers["Retry-After"] = _RETRY_SECONDS
    return response


def error_page(request: HttpRequest) -> HttpResponse:
    """Answer what no view or middleware has answered. Django's handler500."""
    error = sys.exc_info()[1]
    outage = outage_of(error) if error else None
    return answer(request, outage) if outage else server_error(request)


def _is_for_a_script(request: HttpRequest) -> bool:
    return (
        "application/json" in request.headers.get("Accept", "")
        or request.headers.get("Sec-Fetch-Dest") == "empty"
    )


def _typed(request: HttpRequest) -> tuple[list[tuple[str, str]], str]:
    """Return the fields that were sent, and the token they came with; none if one is a secret."""
    if request.method != "POST":
        return [], ""
    try:
        fields = [(name, value) for name, values in request.POST.lists() for value in values]
    except OSError:
        # The body could not be received.
        return [], ""
    if any(word in name.lower() for name, _ in fields if name != _CSRF for word in _SECRET):
        return [], ""
    return [field for field in fields if field[0] != _CSRF], str(request.POST.get(_CSRF, ""))
