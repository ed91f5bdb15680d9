"""The weekly report: three true sentences, and a mail once a week at the learner's own Monday."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.test import TransactionTestCase, override_settings
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from flashcards.cards import jobs
from flashcards.domain.records import Rating, State
from flashcards.insight import weekly, weekly_mail
from flashcards.models import WeeklyReport
from flashcards.tasks import send_weekly_report
from flashcards.web.pages.week_mail import written
from tests.base import TestCase
from tests.factories import flashcard, review_log, store

Wanted = WeeklyReport.Wanted
# A Monday.
MONDAY = date(2026, 11, 23)
MORNING = datetime(2026, 11, 30, 7, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
with_mail = override_settings(EMAIL_HOST="mail.example.org")


class ReportTests(TestCase):
    def give(
        self,
        at: datetime,
        rating: Rating,
        state: State = State.REVIEW,
        days: float = 3.0,
        duration_ms: int = 6_000,
    ) -> None:
        card = flashcard(
            self.alice,
            state=State.REVIEW,
            stability=9.0,
            difficulty=5.0,
            reps=1,
            last_review=at,
            due=at + timedelta(days=9),
        )
        log = review_log(
            card,
            rating=rating,
            state_before=state,
            reviewed_at=at,
            elapsed_days=days,
            duration_ms=duration_ms,
        )
        store(card, logs=(log,))

    def sentences(self, now: datetime = MORNING) -> tuple[str, str, str]:
        report = weekly.report_of(owner_id=self.alice.id, now=now)
        self.assertEqual((report.first, report.last), (MONDAY, MONDAY + timedelta(days=6)))
        return report.sentences

    def test_nothing_at_all_is_said_plainly(self) -> None:
        self.assertEqual(
            self.sentences(),
            (
                "In the week from 23 November to 29 November you reviewed nothing.",
                "No card came back after a day or more; your aim is 90%.",
                "No review falls due in the seven days from today on.",
            ),
        )

    def test_it_counts_the_learners_own_week(self) -> None:
        User.objects.filter(id=self.alice.id).update(time_zone="America/New_York")
        zone = ZoneInfo("America/New_York")
        inside = (
            datetime(2026, 11, 23, 4, 0, tzinfo=zone),
            datetime(2026, 11, 30, 3, 59, tzinfo=zone),
        )
        outside = (
            datetime(2026, 11, 23, 3, 59, tzinfo=zone),
            datetime(2026, 11, 30, 4, 0, tzinfo=zone),
        )
        for at in inside:
            self.give(at.astimezone(UTC), Rating.GOOD)
        for at in outside:
            self.give(at.astimezone(UTC), Rating.AGAIN)
        done, against, coming = self.sentences(datetime(2026, 11, 30, 13, tzinfo=UTC))
        self.assertIn("you gave 2 answers in 12 seconds, on 2 of 7 days.", done)
        self.assertIn("Of 2 cards that came back after a day or more you knew 2 (100%)", against)
        self.assertIn("too few to say", against)
        # Nine days after the reviews of the Monday before.
        self.assertEqual(
            coming, "2 reviews fall due in the seven days from today on, about 2 seconds a day."
        )

    def test_a_time_of_nothing_is_not_told(self) -> None:
        self.give(datetime(2026, 11, 25, 12, tzinfo=UTC), Rating.GOOD, duration_ms=0)
        pace = mock.Mock(seconds_an_answer=2.0)
        with mock.patch.object(weekly, "pace_of", return_value=pace):
            done, _, coming = self.sentences()
        self.assertIn("you gave 1 answer, on 1 of 7 days.", done)
        self.assertEqual(coming, "1 review falls due in the seven days from today on.")

    def test_the_fullest_day_of_the_week_ahead_is_named(self) -> None:
        for day in (21, 22, *(24,) * 20):
            self.give(datetime(2026, 11, day, 12, tzinfo=UTC), Rating.GOOD)
        self.give(datetime(2026, 11, 1, 12, tzinfo=UTC), Rating.GOOD)
        self.assertEqual(
            self.sentences()[2],
            "22 reviews fall due in the seven days from today on, about 25 seconds a day, the most "
            "on Thursday (20). 1 card from before waits as well.",
        )

    def test_it_compares_with_the_aim_and_counts_new_cards(self) -> None:
        at = datetime(2026, 11, 25, 12, tzinfo=UTC)
        for n in range(30):
            self.give(at, Rating.AGAIN if n % 2 else Rating.GOOD)
        self.give(at, Rating.GOOD, State.NEW, 0.0)
        done, against, _ = self.sentences()
        self.assertIn("31 answers", done)
        self.assertIn("and met 1 new card.", done)
        self.assertIn("you knew 15 (50%), less than the 90% you aim for.", against)


@with_mail
class MailTests(TestCase):
    def setUp(self) -> None:
        self.want(self.alice, datetime(2026, 11, 26, tzinfo=UTC))

    def want(self, user: User, now: datetime, wanted: Wanted = Wanted.MAIL) -> WeeklyReport:
        url = "https://learn.example.org"
        return weekly_mail.choose(owner_id=user.id, wanted=wanted, base_url=url, now=now)

    def tick(self, now: datetime) -> list[Any]:
        """Do what the worker does each hour; return the mails that it sent."""
        before = len(mail.outbox)
        with self.captureOnCommitCallbacks(execute=True):
            weekly_mail.request_due(now)
        for job in ProcrastinateJob.objects.filter(task_name=jobs.WEEKLY_REPORT):
            ProcrastinateJob.objects.filter(id=job.id).delete()
            with mock.patch("flashcards.tasks.timezone.now", return_value=now):
                send_weekly_report(**job.args)
        return mail.outbox[before:]

    def test_the_mail_has_the_three_sentences_and_a_way_out(self) -> None:
        (sent,) = self.tick(MORNING)
        self.assertEqual(sent.to, ["alice@example.org"])
        self.assertEqual(sent.subject, "Your week in MemoryLoop")
        for sentence in weekly.report_of(owner_id=self.alice.id, now=MORNING).sentences:
            self.assertIn(sentence, sent.body)
        off = sent.extra_headers["List-Unsubscribe"].strip("<>")
        self.assertTrue(off.startswith("https://learn.example.org/insight/week/off/"))
        self.assertIn(off, sent.body)
        self.assertEqual(sent.extra_headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        self.assertIn("Message-ID", sent.extra_headers)

    def test_it_comes_once_a_week_in_the_morning_of_each_ones_monday(self) -> None:
        begun = datetime(2026, 10, 17, 0, 7, tzinfo=UTC)
        zones = ("UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata")
        people = [
            User.objects.create_user(f"{n}@example.org", time_zone=zone)
            for n, zone in enumerate(zones)
        ]
        WeeklyReport.objects.all().delete()
        for person in people:
            self.want(person, begun - timedelta(days=4))
        # The clocks of Berlin go back on 25 October. From Wednesday on nothing is due anywhere.
        got: dict[str, list[datetime]] = {person.email: [] for person in people}
        hours = (begun + hour * HOUR for hour in range(24 * 19))
        for now in (hour for hour in hours if hour.weekday() in (6, 0, 1)):
            for sent in self.tick(now):
                got[sent.to[0]].append(now)
        for person in people:
            zone = ZoneInfo(person.time_zone)
            local = [at.astimezone(zone) for at in got[person.email]]
            self.assertEqual(len(local), 3, person.time_zone)
            self.assertEqual({at.weekday() for at in local}, {0})
            self.assertTrue(all(at.hour == 7 for at in local), local)
            self.assertEqual(len({at.date() for at in local}), len(local))

    def test_the_first_one_is_of_the_week_in_which_it_was_asked_for(self) -> None:
        self.want(self.bob, MORNING)
        self.assertEqual(len(self.tick(MORNING)), 1)
        self.assertEqual(len(self.tick(MORNING + timedelta(days=7))), 2)

    def test_turning_it_off_and_on_sends_no_week_twice(self) -> None:
        self.assertEqual(len(self.tick(MORNING)), 1)
        self.want(self.alice, MORNING, Wanted.OFF)
        self.want(self.alice, MORNING)
        self.assertEqual(self.tick(MORNING + HOUR), [])

    def test_a_worker_that_was_down_sends_it_late_but_no_old_news(self) -> None:
        self.assertEqual(len(self.tick(MORNING + timedelta(days=1))), 1)
        self.assertEqual(self.tick(MORNING + timedelta(days=9, hours=2)), [])

    def test_a_mail_server_that_fails_is_tried_again_at_the_next_hour(self) -> None:
        with (
            mock.patch.object(EmailMessage, "send", autospec=True, side_effect=OSError),
            self.assertRaises(OSError),
        ):
            self.tick(MORNING)
        self.assertEqual(len(self.tick(MORNING + HOUR)), 1)
        self.assertEqual(self.tick(MORNING + 2 * HOUR), [])

    def test_a_second_mail_of_the_same_week_would_have_the_same_id(self) -> None:
        (first,) = self.tick(MORNING)
        WeeklyReport.objects.update(sent_week=MONDAY - timedelta(days=7))
        (again,) = self.tick(MORNING + HOUR)
        self.assertEqual(again.extra_headers["Message-ID"], first.extra_headers["Message-ID"])

    def test_nobody_gets_one_without_asking_or_with_a_closed_account(self) -> None:
        self.want(self.bob, datetime(2026, 11, 26, tzinfo=UTC), Wanted.PAGE)
        User.objects.filter(id=self.alice.id).update(is_active=False)
        self.assertEqual(self.tick(MORNING), [])
        self.assertFalse(weekly_mail.send(owner_id=self.charlie.id, now=MORNING, written=written))

    def test_without_a_mail_server_nothing_is_sent(self) -> None:
        with override_settings(EMAIL_HOST=""):
            self.assertEqual(self.tick(MORNING), [])
            self.assertFalse(weekly_mail.send(owner_id=self.alice.id, now=MORNING, written=written))
        self.assertEqual(len(self.tick(MORNING + HOUR)), 1)


@with_mail
class TwoWorkersTests(TransactionTestCase):
    def test_two_workers_send_one_mail(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        weekly_mail.choose(
            owner_id=alice.id,
            wanted=Wanted.MAIL,
            base_url="https://learn.example.org",
            now=datetime(2026, 11, 26, tzinfo=UTC),
        )
        found: list[bool] = []
        together = threading.Barrier(2)

        def work() -> None:
            try:
                together.wait(10)
                found.append(weekly_mail.send(owner_id=alice.id, now=MORNING, written=written))
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(sorted(found), [False, True])
        self.assertEqual(len(mail.outbox), 1)
