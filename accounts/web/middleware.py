"""Middleware of accounts: the learner's own time zone, and the devices that they log in on."""

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import known_devices
from accounts.models import User


class TimeZoneMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        try:
            zone = zoneinfo.ZoneInfo(request.user.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            zone = zoneinfo.ZoneInfo("UTC")
        with timezone.override(zone):
            return self.get_response(request)


class KnownDeviceMiddleware:
    """Make the device known whenever somebody has logged in, on whichever page that was."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        email = getattr(request, "logged_in_as", "")
        if email:
            known_devices.remember(request, response, email)
        return response


def note_log_in(*, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Receive Django's signal user_logged_in."""
    if request is not None:
        request.logged_in_as = user.email  # type: ignore[attr-defined]
