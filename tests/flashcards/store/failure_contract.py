"""What any engine must do of a write that PostgreSQL refuses or takes back: nothing is kept."""

import contextlib
import threading
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import Error, connection, transaction
from django.test import TransactionTestCase

from accounts.models import User
from flashcards import scheduling, store
from flashcards.domain.records import Rating, ReviewLog
from flashcards.maintenance import check
from flashcards.review.learner import Learner
from flashcards.store import Change, QueueSettings
from tests.factories import NOW, flashcard, stored_card

RULES = QueueSettings.plain(NOW)


class FailureContract(TransactionTestCase):
    """Promises of what fails. For an engine's tests to inherit."""

    def setUp(self) -> None:
        self.owner = User.objects.create_user("alice@example.org")
        self.card = stored_card(self.owner)
        # All that is kept of the owner is in memory.
        self.before = self.seen()

    def seen(self) -> dict[str, Any]:
        """Return what this process says of the owner."""
        owner_id = self.owner.pk
        view, totals = store.view(owner_id), store.answer_totals(owner_id)
        assert totals is not None
        columns = store.columns(owner_id)
        return {
            "card": view.card(self.card.id),
            "recent": view.recent_reviews(NOW),
            "history": view.history(self.card.id),
            "due": [card.id for card in view.due_queue(RULES, NOW, limit=9).cards],
            "cards": columns.total,
            "states": columns.array("state")[columns.alive].tolist(),
            "answers": len(store.answers(owner_id)),
            "totals": int(sum(totals.counts)),
        }

    def remembered(self) -> Any:
        view = store.remembered_view(self.owner.pk)
        assert view is not None
        return view.card(self.card.id), view.recent_reviews(NOW)

    def rated(self) -> Change:
        settings = Learner.read(self.owner.pk).schedule_of(self.card)
        after, row = scheduling.review(
            self.card, Rating.GOOD, NOW, review_id=uuid.uuid4(), settings=settings
        )
        return Change(after, row)

    def write(self, change: Change) -> bool:
        learner = Learner.remembered(self.owner.pk) or Learner.read(self.owner.pk)
        return learner.written(change) is not None

    def nothing_is_left(self) -> None:
        self.assertEqual(self.remembered(), (self.before["card"], []))
        self.assertEqual(self.seen(), self.before)
        store.clear_cache()
        self.assertEqual(self.seen(), self.before)

    def it_goes_on(self, change: Change) -> None:
        """Write the change that failed, which is there once."""
        self.assertTrue(self.write(change))
        log = change.log
        assert isinstance(log, ReviewLog)
        found = self.seen()
        self.assertEqual((found["card"], found["history"]), (change.card, [log]))
        self.assertEqual((found["recent"], found["answers"], found["totals"]), ([log], 1, 1))
        store.clear_cache()
        self.assertEqual(self.seen(), found)
        self.assertEqual(check.check().findings, [])

    def test_a_review_that_waits_too_long_for_the_owners_lock(self) -> None:
        change = self.rated()
        with _locked_elsewhere(self.owner), connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
            with self.assertRaises(Error):
                self.write(change)
            cursor.execute("SET lock_timeout = 0")
        self.nothing_is_left()
        self.it_goes_on(change)

    def test_a_review_on_a_connection_that_is_lost(self) -> None:
        change = self.rated()
        learner = Learner.read(self.owner.pk)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        _in_a_thread(f"SELECT pg_terminate_backend({pid}, 5000)")
        with self.assertRaises(Error):
            learner.written(change)
        connection.close()
        self.nothing_is_left()
        self.it_goes_on(change)

    def test_a_review_in_a_transaction_that_is_rolled_back(self) -> None:
        change = self.rated()
        for is_known in (True, False):
            if not is_known:
                # Then the transaction is the first to read what it wrote.
                store.clear_cache()
            with contextlib.suppress(KeyError), transaction.atomic():
                self.assertTrue(self.write(change))
                self.assertEqual(self.seen()["history"], [change.log])
                raise KeyError
            self.assertEqual(self.seen(), self.before)
        self.nothing_is_left()
        self.it_goes_on(change)

    def test_changes_under_the_lock_that_are_rolled_back(self) -> None:
        change = self.rated()
        for many in (False, True):
            with contextlib.suppress(KeyError), transaction.atomic():
                store.lock_owner(self.owner.pk)
                store.write([change, Change(flashcard(self.owner))])
                if many:
                    store.write_many(self.owner.pk, [flashcard(self.owner)], [])
                    store.erase_cards([self.card])
                else:
                    self.assertEqual(self.seen()["history"], [change.log])
                store.columns(self.owner.pk)
                store.answers(self.owner.pk)
                store.answer_totals(self.owner.pk)
                store.view(self.owner.pk).due_queue(RULES, NOW, limit=9)
                raise KeyError
            self.assertEqual(self.remembered(), (self.before["card"], []))
            self.assertEqual(self.seen(), self.before)
        self.nothing_is_left()
        self.it_goes_on(change)


@contextlib.contextmanager
def _locked_elsewhere(owner: User) -> Iterator[None]:
    """Have another connection hold the owner's lock meanwhile."""
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with contextlib.closing(connection), transaction.atomic():
            store.lock_owner(owner.pk)
            locked.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(60)
    try:
        yield
    finally:
        done.set()
        thread.join()


def _in_a_thread(sql: str) -> None:
    """Run a statement on a connection of its own."""

    def run() -> None:
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(sql)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
