"""SessionMiddleware: Django's, but a session that cannot be saved for a while is an outage."""

import logging

from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangosSessionMiddleware
from django.http import HttpRequest, HttpResponse

from memoryloop.web import outages
from memoryloop.web.middleware import has_committed

logger = logging.getLogger(__name__)


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
