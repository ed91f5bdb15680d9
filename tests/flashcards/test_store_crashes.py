"""Processes killed with SIGKILL at each step, and many at work at once. Nothing lost or doubled."""

import signal
import uuid
from datetime import timedelta

from django.test import TransactionTestCase

from accounts.models import User
from flashcards import services
from flashcards.records import Flashcard, LogKind, Rating, ReviewLog
from tests.factories import NOW, stored_card
from tests.flashcards.processes import acknowledged, forget, judge, start

JOURNAL_STEPS = ("journal-before", "journal-written", "journal-committed")
CHECKPOINT_STEPS = (
    *("checkpoint-read", "checkpoint-logs", "checkpoint-cards"),
    *("checkpoint-written", "checkpoint-before-commit", "checkpoint-committed"),
)


class CrashTests(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org")
        self.cards = [stored_card(self.alice) for _ in range(4)]
        for card in self.cards[:2]:
            services.review_card(
                owner_id=self.alice.pk,
                card_id=card.id,
                review_id=uuid.uuid4(),
                sequence=0,
                rating=Rating.GOOD,
                now=NOW + timedelta(hours=1),
            )

    def test_a_process_killed_at_any_step_loses_and_doubles_nothing(self) -> None:
        steps = [(action, step) for action in ("rate", "create") for step in JOURNAL_STEPS]
        steps += [("delete", "journal-written"), ("undo", "journal-committed")]
        steps += [("checkpoint", step) for step in CHECKPOINT_STEPS]
        for seed, (action, step) in enumerate(steps):
            with self.subTest(action=action, step=step):
                # Something for a checkpoint to do.
                stored_card(self.alice)
                process = start(action, self.alice.pk, seed=seed, failpoint=step)
                output, errors = process.communicate(timeout=60)
                self.assertEqual(process.returncode, -signal.SIGKILL, errors)
                self.assertEqual(judge(self.alice.pk, acknowledged(output)), [])

    def test_a_write_that_was_committed_is_there_although_nobody_heard_of_it(self) -> None:
        before = Flashcard.objects.for_owner(self.alice).count()
        for step, more in (("journal-written", 0), ("journal-committed", 3)):
            process = start("create", self.alice.pk, failpoint=step)
            process.communicate(timeout=60)
            forget()
            self.assertEqual(Flashcard.objects.for_owner(self.alice).count(), before + more)


class ConcurrencyTests(TransactionTestCase):
    def test_many_processes_and_a_checkpointing_one_lose_and_double_nothing(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        for _ in range(5):
            stored_card(alice)
        raters = [start("rate", alice.pk, seed=n, count=40) for n in range(4)]
        mover = start("checkpoint", alice.pk, count=25)
        said = []
        for process in (*raters, mover):
            output, errors = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, errors)
            said += acknowledged(output)
        self.assertEqual(judge(alice.pk, said), [])
        reviews = [item for item in said if "review" in item]
        refused = [item for item in said if "refused" in item]
        self.assertEqual(len(reviews) + len(refused), 160)
        # One that came later than the next has a row of its own for the day that follows from both.
        rated = ReviewLog.objects.for_owner(alice).exclude(kind=LogKind.MANUAL)
        self.assertEqual(rated.count(), len(reviews))
        positions = {(item["card"], item["sequence"]) for item in reviews}
        self.assertEqual(len(positions), len(reviews))

    def test_an_account_deleted_meanwhile_leaves_nothing(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        stored_card(alice)
        owner_id = alice.pk
        process = start("create", owner_id, count=200)
        assert process.stdout is not None
        first = process.stdout.readline()
        self.assertIn("created", first)
        alice.delete()
        _, errors = process.communicate(timeout=60)
        self.assertIn("This account does not exist any more", errors)
        self.assertEqual(judge(owner_id, []), [])
        self.assertEqual(Flashcard.objects.all_owners().with_deleted().count(), 0)
