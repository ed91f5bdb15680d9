"""Known devices: a cookie that tells a learner's own browser from a stranger's at the log-in.

Whoever logs in gets one. It lets nobody in: it only has the attempts of this device counted by
themselves, so that strangers who guess at an account do not lock its owner out.
"""

import secrets
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

COOKIE = "known-device"
LIFETIME = timedelta(days=365)
# Of a computer that a family or a class shares.
MOST_ACCOUNTS = 10
_SALT = "accounts.known-device"


def device_of(request: HttpRequest, email: str) -> str:
    """Return the id of the device if this account has logged in on it, else ""."""
    device, accounts = _read(request)
    return device if _mark(email) in accounts else ""


def remember(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    """Make the device known to an account that has proved itself on it."""
    device, accounts = _read(request)
    others = [account for account in accounts if account != _mark(email)]
    kept = [*others, _mark(email)][-MOST_ACCOUNTS:]
    response.set_signed_cookie(
        COOKIE,
        " ".join([device or secrets.token_hex(16), *kept]),
        salt=_SALT,
        max_age=LIFETIME,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    """Return the device's id and the marks of its accounts; "" for a device without the cookie."""
    text = request.get_signed_cookie(COOKIE, "", salt=_SALT, max_age=LIFETIME) or ""
    device, *accounts = text.split() or [""]
    return device, accounts


def _mark(email: str) -> str:
    """Return what stands for an address in the cookie, from which it cannot be read."""
    return salted_hmac(_SALT, email, algorithm="sha256").hexdigest()[:32]
