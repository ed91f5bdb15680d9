"""A session that cannot be saved: while a disk is full, it is not one that was deleted."""

from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

import psycopg
from django.contrib.sessions.models import Session
from django.db import DatabaseError, OperationalError
from django.test import TransactionTestCase, override_settings

from accounts.models import User
from flashcards.store import cards
from memoryloop.web.outages import DATABASE_AWAY, DISK_FULL
from tests.base import PASSWORD

ERRORS = (
    (psycopg.errors.DiskFull("could not extend file"), DISK_FULL),
    (psycopg.OperationalError("connection failed: refused"), DATABASE_AWAY),
)
CARD = {"kind": "basic", "question": "What is a cell?", "answer": "A unit.", "deck": "", "tags": ""}


def unsaved(cause: Exception) -> AbstractContextManager[Any]:
    """Have no session be saved, for a reason that Django does not tell."""

    def save(*_: Any, **__: Any) -> None:
        raise OperationalError("x") from cause

    return mock.patch.object(Session, "save", save)


@override_settings(SESSION_SAVE_EVERY_REQUEST=True)
class UnsavedSessionTests(TransactionTestCase):
    """Not within a transaction, as it matters whether a request has committed anything."""

    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", PASSWORD, name="Alice")
        self.client.force_login(self.alice)

    def test_what_was_saved_is_not_answered_as_if_it_were_to_be_sent_again(self) -> None:
        for done, (cause, outage) in enumerate(ERRORS, 1):
            with (
                self.subTest(outage=outage.heading),
                unsaved(cause),
                self.assertLogs("memoryloop.web.middleware") as logged,
            ):
                response = self.client.post("/cards/new/", CARD)
                self.assertEqual((response.status_code, response["Location"]), (302, "/cards/new/"))
                self.assertEqual(cards.for_owner(self.alice).count(), done)
            self.assertIn(outage.heading, logged.output[0])

    def test_where_nothing_else_was_saved_the_page_says_why(self) -> None:
        for cause, outage in ERRORS:
            with (
                self.subTest(outage=outage.heading),
                unsaved(cause),
                self.assertLogs("memoryloop.web.middleware"),
            ):
                response = self.client.get("/cards/new/")
                self.assertContains(response, outage.sentence, status_code=outage.status)

    def test_a_session_that_was_deleted_meanwhile_is_django_s_error(self) -> None:
        with (
            mock.patch.object(Session, "save", side_effect=DatabaseError("No row was updated.")),
            self.assertLogs("django.request"),
        ):
            self.assertEqual(self.client.post("/cards/new/", CARD).status_code, 400)
