"""Addresses: the site's own, for links in a mail, and the one that a page asks to go to next."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import MAX_URL_REDIRECT_LENGTH, url_has_allowed_host_and_scheme


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


def next_url(request: HttpRequest, default: str = "") -> str:
    """Return the `next` address of a form or query if it is one on this site, else the default."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    # Without a slash in front it could be the name of a view, which redirect() looks up.
    is_ours = url.startswith(("/", "http://", "https://")) and url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if is_ours else default


def can_redirect_to(url: str) -> bool:
    """Tell whether Django redirects to an address of ours: longer ones it answers with 400.

    A search of 2,000 characters may be longer, as an address has up to twelve for each of them.
    """
    return len(url) <= MAX_URL_REDIRECT_LENGTH
