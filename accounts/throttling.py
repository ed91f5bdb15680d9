"""Slow down guessing, counted in the database so that every web process sees the same count.

An attempt is counted before it is checked and uncounted when it succeeds. Counting afterwards
would let a hundred requests that arrive together all be checked against a count of zero.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import LogInAttempts

WINDOW = timedelta(minutes=15)

# One statement, so that two connections never read the same count. A window that has passed
# starts again at one; an open one keeps its start, so waiting always ends.
_COUNT = """
INSERT INTO accounts_loginattempts AS attempts (key, failures, window_started_at)
VALUES (%(key)s, 1, %(now)s)
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN attempts.window_started_at <= %(expired)s
        THEN 1 ELSE LEAST(attempts.failures + 1, 1000000) END,
    window_started_at = CASE WHEN attempts.window_started_at <= %(expired)s
        THEN EXCLUDED.window_started_at ELSE attempts.window_started_at END
RETURNING failures, window_started_at
"""


class TooManyAttempts(Exception):
    """Refuse an attempt without checking it, and say when the next one counts."""

    def __init__(self, until: datetime, now: datetime) -> None:
        super().__init__(until)
        self.until = until
        self.seconds = max(1, round((until - now).total_seconds()))

    @property
    def sentence(self) -> str:
        minutes = -(-self.seconds // 60)
        wait = "in a minute" if minutes == 1 else f"in {minutes} minutes"
        return f"Too many attempts. Please try again {wait}."


@dataclass(frozen=True)
class Limit:
    """At most `attempts` of one kind by the same `who` in a window."""

    name: str
    attempts: int

    def count(self, *who: str, now: datetime) -> None:
        """Count one attempt. Raises TooManyAttempts past the limit. One SQL query."""
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, {"key": self.key(*who), "now": now, "expired": now - WINDOW})
            failures, started_at = cursor.fetchone()
        if failures > self.attempts:
            raise TooManyAttempts(started_at + WINDOW, now)

    def uncount(self, *who: str) -> None:
        """Take back one attempt that turned out well."""
        LogInAttempts.objects.filter(key=self.key(*who), failures__gt=0).update(
            failures=F("failures") - 1
        )

    def clear(self, *who: str) -> None:
        LogInAttempts.objects.filter(key=self.key(*who)).delete()

    def key(self, *who: str) -> str:
        """Return what the count is kept under: keyed, so that no address can be read from it."""
        name = f"accounts.throttling.{self.name}"
        return str(salted_hmac(name, "\n".join(who), algorithm="sha256").hexdigest())


LOG_IN = Limit("log in", 8)
LOG_IN_FROM_ONE_PLACE = Limit("log in from one place", 50)
# Per address from anywhere: nobody's mailbox is filled from a hundred places.
RESET = Limit("reset", 5)
RESET_FROM_ONE_PLACE = Limit("reset from one place", 20)
# Sign-up says when an address cannot be used; this keeps it from being asked about lists of them.
SIGN_UP_REFUSED = Limit("sign up refused", 10)
# The password asked for again, by whoever sits at a session that was left open.
CONFIRM_PASSWORD = Limit("confirm password", 8)
# Servers tried in one learner's name: enough to set one up, too few to search a network with.
ENDPOINT = Limit("endpoint", 30)
# Mails to two addresses each time.
EMAIL_CHANGE = Limit("email change", 5)
# Archives of everything: each reads all that a learner has.
EXPORT = Limit("export", 5)


def client_place(request: HttpRequest) -> str:
    """Return the client's address; of IPv6 the /64, which is what one customer is given.

    REMOTE_ADDR only: the ASGI server puts there what a trusted proxy says, and a header that
    anyone can send is no address.
    """
    address: str = request.META.get("REMOTE_ADDR", "")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed.packed[:8] + bytes(8), 64)))
    return str(parsed)


def count_log_in(email: str, place: str, *, now: datetime) -> None:
    """Count a log-in before it is checked. Raises TooManyAttempts. Two SQL queries."""
    LOG_IN.count(email, place, now=now)
    LOG_IN_FROM_ONE_PLACE.count(place, now=now)


def log_in_succeeded(email: str, place: str) -> None:
    LOG_IN.clear(email, place)
    LOG_IN_FROM_ONE_PLACE.uncount(place)


def forget_expired(*, now: datetime) -> int:
    """Delete the counts whose window has passed. Return how many."""
    return LogInAttempts.objects.filter(window_started_at__lte=now - WINDOW).delete()[0]
