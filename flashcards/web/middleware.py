"""The answer while the card store cannot be read, and to what meets a switch of its engine."""

import logging
from inspect import iscoroutinefunction

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from flashcards.store import EngineChanged, StoreError, forget_engine
from memoryloop.web import outages
from memoryloop.web.middleware import commits_of

logger = logging.getLogger(__name__)

MOVED = outages.Outage(
    503,
    "Your cards have just been moved",
    "While MemoryLoop answered you, your cards moved to another place. Nothing that was saved is "
    "lost, but what you asked for may be done in part: look at it before you try again.",
)


class StoreErrorMiddleware(MiddlewareMixin):
    """Answer 503: cards, ratings and text that were saved are safe.

    What met a switch of engines is answered again by the engine that serves now, unless it has
    committed something: that would be done twice.
    """

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, EngineChanged):
            forget_engine()
            if commits_of(request).were_made:
                logger.warning("A request was cut short by a switch of engines.")
                return outages.answer(request, MOVED)
            try:
                if (answer := _answer_again(request)) is not None:
                    return answer
            except StoreError as second:
                exception = second
        if not isinstance(exception, StoreError):
            return None
        logger.error("The card store cannot be read.", exc_info=exception)
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = "10"
        return response


def _answer_again(request: HttpRequest) -> HttpResponse | None:
    """Return the view's answer, now by the engine that serves; None for a view that is not plain.

    The transaction in which the other engine was met was rolled back: nothing of it was written.
    """
    match = request.resolver_match
    if match is None or iscoroutinefunction(match.func):
        return None
    for name in request.FILES:
        for file in request.FILES.getlist(name):
            file.seek(0)
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return response
