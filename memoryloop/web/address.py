"""The site's own address, for links that are read elsewhere, such as in a mail."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def base_url(request: HttpRequest) -> str:
    """Return scheme and host, without a slash at the end.

    A request may name any port, and any host where MEMORYLOOP_HOSTS has a wildcard. So the origins
    in MEMORYLOOP_ORIGINS come first where there are some: the request's own, else the first.
    """
    asked = request.build_absolute_uri("/").rstrip("/")
    origins = [origin.rstrip("/") for origin in settings.CSRF_TRUSTED_ORIGINS if "*" not in origin]
    if not origins or asked in origins:
        return asked
    host = urlsplit(asked).hostname
    return next((origin for origin in origins if urlsplit(origin).hostname == host), origins[0])
