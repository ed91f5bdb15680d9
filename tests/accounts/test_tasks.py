from datetime import UTC, datetime, timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import throttling
from accounts.models import LogInAttempts
from accounts.tasks import tidy
from tests.base import TestCase


class TidyTests(TestCase):
    def test_it_deletes_what_is_over_and_keeps_the_rest(self) -> None:
        now = datetime.now(UTC)
        throttling.LOG_IN.count("old", now=now - timedelta(hours=1))
        throttling.LOG_IN.count("new", now=now)
        for key, hours in (("past", -1), ("future", 1)):
            Session.objects.create(
                session_key=key,
                session_data="",
                expire_date=timezone.now() + timedelta(hours=hours),
            )

        tidy(timestamp=int(now.timestamp()))

        self.assertEqual(LogInAttempts.objects.get().key, throttling.LOG_IN.key("new"))
        self.assertEqual(Session.objects.get().session_key, "future")
