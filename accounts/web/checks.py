"""System checks of what accounts need from the settings."""

from typing import Any

from django.conf import settings
from django.core import checks


def any_host(**_: Any) -> list[checks.CheckMessage]:
    """Warn where whoever sends a request chooses the host of the link in a mail."""
    if "*" not in settings.ALLOWED_HOSTS or settings.CSRF_TRUSTED_ORIGINS:
        return []
    return [
        checks.Warning(
            "MEMORYLOOP_HOSTS is *: whoever asks for a password reset chooses the host of the "
            "link that is sent.",
            hint="Name your hosts, or set MEMORYLOOP_ORIGINS to the site's address.",
            id="accounts.W001",
        )
    ]
