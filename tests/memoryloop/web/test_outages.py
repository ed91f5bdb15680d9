"""What is answered while PostgreSQL is away, or a disk is full."""

import errno
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import psycopg
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

from flashcards.store import StoreError
from memoryloop.web import outages
from tests.base import TestCase


def caused(outer: Exception, inner: BaseException) -> Exception:
    outer.__cause__ = inner
    return outer


AWAY: tuple[Exception, ...] = (
    caused(OperationalError("x"), psycopg.OperationalError("connection failed: refused")),
    caused(OperationalError("x"), psycopg.errors.AdminShutdown("terminating connection")),
    caused(OperationalError("x"), psycopg.errors.CannotConnectNow("starting up")),
    caused(OperationalError("x"), PoolTimeout("couldn't get a connection")),
    caused(InterfaceError("x"), psycopg.InterfaceError("the connection is closed")),
    psycopg.OperationalError("consuming input failed"),
    caused(RuntimeError("a job"), psycopg.OperationalError("connection failed")),
)
FULL: tuple[Exception, ...] = (
    caused(OperationalError("x"), psycopg.errors.DiskFull("could not extend file")),
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    RuntimeError("lance error: LanceError(IO): No space left on device (os error 28)"),
    caused(StoreError("x"), OSError(errno.ENOSPC, "No space left on device")),
)
FAULTS: tuple[Exception, ...] = (
    ValueError("a mistake"),
    OSError(errno.EACCES, "Permission denied"),
    caused(OperationalError("x"), psycopg.errors.DeadlockDetected("deadlock")),
    caused(DatabaseError("x"), psycopg.errors.UniqueViolation("twice")),
)


class OutageTests(TestCase):
    def test_it_tells_outages_from_faults(self) -> None:
        for errors, outage in (
            (AWAY, outages.DATABASE_AWAY),
            (FULL, outages.DISK_FULL),
            (FAULTS, None),
        ):
            for error in errors:
                with self.subTest(error=repr(error.__cause__ or error)):
                    self.assertIs(outages.outage_of(error), outage)

    def test_a_database_that_stopped_for_want_of_room_is_a_full_disk(self) -> None:
        with mock.patch("memoryloop.postgres.unreachable.is_out_of_space", return_value=True):
            self.assertIs(outages.outage_of(AWAY[0]), outages.DISK_FULL)


class Raising(TestCase):
    """A visit whose view, or a middleware of which, meets an error."""

    def setUp(self) -> None:
        self.log_in()
        self.client.raise_request_exception = False

    @contextmanager
    def in_a_view(self, error: Exception) -> Iterator[None]:
        with mock.patch("chat.web.views.home.pin_and_archive.listed", side_effect=error):
            yield

    @contextmanager
    def in_a_middleware(self, error: Exception) -> Iterator[None]:
        with mock.patch.object(SessionStore, "load", side_effect=error):
            yield

    def visits(self) -> Iterator[tuple[Exception, Callable[..., Any]]]:
        for error in (AWAY[0], FULL[0]):
            for place in (self.in_a_view, self.in_a_middleware):

                def visit(place: Any = place, error: Exception = error, **headers: str) -> Any:
                    with place(error):
                        return self.client.get("/chat/", headers=headers)

                with self.subTest(place=place.__name__, error=error):
                    yield error, visit


class AnswerTests(Raising):
    def test_a_page_says_so_in_plain_words(self) -> None:
        for error, visit in self.visits():
            outage = outages.outage_of(error)
            assert outage
            response = visit()
            self.assertContains(response, outage.sentence, status_code=outage.status)
            self.assertTrue(response["Retry-After"])
            self.assertIn("no-store", response["Cache-Control"])

    def test_a_script_gets_the_sentence_alone(self) -> None:
        for error, visit in self.visits():
            outage = outages.outage_of(error)
            assert outage
            response = visit(HX_Request="true")
            self.assertEqual(response.status_code, outage.status)
            self.assertEqual(response.content.decode(), outage.words)
            self.assertTrue(response["Content-Type"].startswith("text/plain"))
            for headers in ({"Accept": "application/json"}, {"Sec-Fetch-Dest": "empty"}):
                response = visit(**headers)
                self.assertEqual(response.status_code, outage.status)
                self.assertEqual(json.loads(response.content), {"error": outage.words})

    def test_what_was_typed_is_on_the_page_to_be_sent_again(self) -> None:
        typed = {"content": "What is a <cell>?\n" * 9, "tags": "a b"}
        for error in (AWAY[0], FULL[0]):
            with mock.patch("chat.web.views.home.send_message", side_effect=error):
                response = self.client.post("/chat/start/", typed)
            self.assertContains(response, "What is a &lt;cell&gt;?", 9, response.status_code)
            self.assertContains(response, 'action="/chat/start/"', status_code=response.status_code)
            self.assertContains(response, "Send it again", status_code=response.status_code)

    def test_a_password_is_on_no_page(self) -> None:
        self.client.logout()
        typed = {"email": "alice@example.org", "password": "my secret words"}
        with mock.patch("accounts.throttling.Limit.count", side_effect=AWAY[0]):
            response = self.client.post("/accounts/login/", typed)
        self.assertNotContains(response, "my secret words", status_code=503)

    def test_an_upload_without_room_says_so(self) -> None:
        with mock.patch("flashcards.exchange.uploads.Path.open", side_effect=FULL[1]):
            response = self.client.post(
                "/cards/import/", {"file": SimpleUploadedFile("a.txt", b"one\ttwo")}
            )
        self.assertContains(response, outages.DISK_FULL.heading, status_code=507)


class HandlerTests(TestCase):
    def test_other_faults_are_500_as_before(self) -> None:
        self.log_in()
        self.client.raise_request_exception = False
        with mock.patch("chat.web.views.home.pin_and_archive.listed", side_effect=ValueError):
            response = self.client.get("/chat/")
        self.assertContains(response, "Something went wrong on the server", status_code=500)
