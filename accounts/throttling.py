"""Throttling: attempts are counted in the database, so that all web processes share the count.

An attempt is counted before it is checked, and taken back when it succeeds. If it were counted
afterwards, a hundred requests at once would all be checked against a count of zero.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import LogInAttempts

WINDOW = timedelta(minutes=15)

# One statement, so that two connections never read the same count. A window that is over starts
# again at one. An open window keeps its start, so that waiting always ends.
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
    """An attempt is refused unchecked. `until` is when the next one is accepted."""

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
    """A limit of `attempts` of one kind by the same `who` in a window."""

    name: str
    attempts: int

    def count(self, *who: str, now: datetime) -> None:
        """Count one attempt. Raises TooManyAttempts past the limit. One SQL query."""
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, {"key": self.key(*who), "now": now, "expired": now - WINDOW})
            failures, started_at = cursor.fetchone()
        if failures > self.attempts:
            raise TooManyAttempts(started_at + WINDOW, now)

    def uncount(self, *who: str, attempts: int = 1) -> None:
        """Take back one attempt, which has succeeded, or several."""
        LogInAttempts.objects.filter(key=self.key(*who), failures__gt=0).update(
            failures=Greatest(F("failures") - attempts, 0)
        )

    def counted(self, *who: str) -> int:
        """Return how many attempts are counted. One SQL query."""
        row = LogInAttempts.objects.filter(key=self.key(*who)).first()
        return row.failures if row else 0

    def clear(self, *who: str) -> None:
        LogInAttempts.objects.filter(key=self.key(*who)).delete()

    def key(self, *who: str) -> str:
        """Return the key of a count: an HMAC, so that no address can be read from it."""
        name = f"accounts.throttling.{self.name}"
        return str(salted_hmac(name, "\n".join(who), algorithm="sha256").hexdigest())


LOG_IN = Limit("log in", 8)
LOG_IN_FROM_ONE_PLACE = Limit("log in from one place", 50)
# For an account from anywhere, because whoever guesses from many addresses has as many places. An
# owner whose device is known (accounts/known_devices.py) is counted by that device instead.
LOG_IN_FROM_UNKNOWN_DEVICES = Limit("log in from unknown devices", 10)
LOG_IN_FROM_KNOWN_DEVICE = Limit("log in from a known device", 8)
# For an address from anywhere, so that nobody's mailbox is filled from a hundred places.
RESET = Limit("reset", 5)
RESET_FROM_ONE_PLACE = Limit("reset from one place", 20)
# Sign-up tells when an address is taken. This limit keeps it from being asked about a list.
SIGN_UP_REFUSED = Limit("sign up refused", 10)
# The password that is asked for again in a session, which may have been left open.
CONFIRM_PASSWORD = Limit("confirm password", 8)
# Servers tested for a learner: enough to set one up, too few to scan a network.
ENDPOINT = Limit("endpoint", 30)
# Each sends mails to two addresses.
EMAIL_CHANGE = Limit("email change", 5)
# Each reads everything that a learner has.
EXPORT = Limit("export", 5)


def client_place(request: HttpRequest) -> str:
    """Return the client's address; for IPv6 its /64, which is what one customer gets.

    Only REMOTE_ADDR is used, which ProxyMiddleware sets from the headers of a named proxy. Empty
    where it is not known.
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


def count_log_in(email: str, place: str, *, device: str, now: datetime) -> None:
    """Count a log-in before it is checked. Raises TooManyAttempts.

    `device` is the id of a device that the account is known on, else "". One SQL query for such a
    device, three for another.
    """
    if device:
        LOG_IN_FROM_KNOWN_DEVICE.count(email, device, now=now)
        return
    LOG_IN.count(email, place, now=now)
    LOG_IN_FROM_ONE_PLACE.count(place, now=now)
    LOG_IN_FROM_UNKNOWN_DEVICES.count(email, now=now)


def uncount_log_in(email: str, place: str, *, device: str) -> None:
    if device:
        LOG_IN_FROM_KNOWN_DEVICE.clear(email, device)
        return
    own = LOG_IN.counted(email, place)
    LOG_IN.clear(email, place)
    LOG_IN_FROM_ONE_PLACE.uncount(place)
    # Their own attempts only: the owner's success says nothing of those who guess elsewhere.
    LOG_IN_FROM_UNKNOWN_DEVICES.uncount(email, attempts=own)


def delete_expired(*, now: datetime) -> int:
    """Delete the counts whose window is over. Return how many."""
    return LogInAttempts.objects.filter(window_started_at__lte=now - WINDOW).delete()[0]
