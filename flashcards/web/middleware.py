"""The answer while the card store cannot be read: 503 in plain words."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from flashcards.store import StoreError

logger = logging.getLogger(__name__)


class StoreErrorMiddleware(MiddlewareMixin):
    """Answer 503: cards, ratings and text that were saved are safe in the journal."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, StoreError):
            return None
        logger.error("The card store cannot be read.", exc_info=exception)
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = "10"
        return response
