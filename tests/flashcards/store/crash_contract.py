"""What any engine must do with processes killed by SIGKILL, and with many at work at once."""

import signal
import uuid
from datetime import UTC, datetime

from django.test import TransactionTestCase

from accounts.models import User
from flashcards.domain.records import Flashcard, LogKind, Rating
from flashcards.review.ratings import review_card
from flashcards.store import cards, review_logs
from tests.factories import stored_card
from tests.flashcards.store.processes import acknowledged, forget, judge, start

WRITE_STEPS = ("journal-before", "journal-written", "journal-committed")
# No later than any that the processes work at, and less than a day before: can be taken back.
EARLIER = datetime(2026, 5, 1, tzinfo=UTC)


class CrashContract(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org")
        self.cards = [stored_card(self.alice) for _ in range(8)]
        for card in self.cards[:4]:
            self.rate(card)

    def rate(self, card: Flashcard) -> None:
        review_card(
            owner_id=self.alice.pk,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=0,
            rating=Rating.GOOD,
            now=EARLIER,
        )

    def kill(self, action: str, *steps: str) -> None:
        """Kill a process at each of the steps, all at once, and judge what they left."""
        running = [
            # Again and again: another may be quicker with the card that was chosen first.
            start(action, self.alice.pk, seed=seed, count=20, failpoint=step)
            for seed, step in enumerate(steps)
        ]
        said = []
        for process, step in zip(running, steps, strict=True):
            output, errors = process.communicate(timeout=300)
            self.assertEqual(process.returncode, -signal.SIGKILL, f"{step}: {errors}")
            said += acknowledged(output)
        self.assertEqual(judge(self.alice.pk, said), [])

    def test_killed_at_any_step_of_a_change_it_loses_and_doubles_nothing(self) -> None:
        for action in ("rate", "create", "delete", "undo"):
            with self.subTest(action=action):
                self.kill(action, *WRITE_STEPS)

    def test_a_write_that_was_committed_is_there_although_nobody_heard_of_it(self) -> None:
        before = cards.for_owner(self.alice).count()
        for step, more in (("journal-written", 0), ("journal-committed", 3)):
            process = start("create", self.alice.pk, failpoint=step)
            process.communicate(timeout=300)
            forget()
            self.assertEqual(cards.for_owner(self.alice).count(), before + more)


class ConcurrencyContract(TransactionTestCase):
    def test_many_processes_and_a_checkpointing_one_lose_and_double_nothing(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        for _ in range(5):
            stored_card(alice)
        raters = [start("rate", alice.pk, seed=n, count=40) for n in range(4)]
        mover = start("checkpoint", alice.pk, count=25)
        said = []
        for process in (*raters, mover):
            output, errors = process.communicate(timeout=300)
            self.assertEqual(process.returncode, 0, errors)
            said += acknowledged(output)
        self.assertEqual(judge(alice.pk, said), [])
        reviews = [item for item in said if "review" in item]
        refused = [item for item in said if "refused" in item]
        self.assertEqual(len(reviews) + len(refused), 160)
        # One that came later than the next has a row of its own for the day that follows from both.
        rated = review_logs.for_owner(alice).exclude(kind=LogKind.MANUAL)
        self.assertEqual(rated.count(), len(reviews))
        positions = {(item["card"], item["sequence"]) for item in reviews}
        self.assertEqual(len(positions), len(reviews))

    def test_one_client_id_sent_by_many_processes_counts_once(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        for _ in range(2):
            stored_card(alice)
        raters = [start("rate_alike", alice.pk, seed=n, count=30) for n in range(3)]
        said = []
        for process in raters:
            output, errors = process.communicate(timeout=300)
            self.assertEqual(process.returncode, 0, errors)
            said += acknowledged(output)
        self.assertEqual(judge(alice.pk, said), [])
        sent = [item["review"] for item in said if "review" in item]
        rated = review_logs.for_owner(alice).exclude(kind=LogKind.MANUAL)
        self.assertEqual({str(log.id) for log in rated}, set(sent))

    def test_an_account_deleted_meanwhile_leaves_nothing(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        stored_card(alice)
        owner_id = alice.pk
        process = start("create", owner_id, count=200)
        assert process.stdout is not None
        first = process.stdout.readline()
        self.assertIn("created", first)
        alice.delete()
        _, errors = process.communicate(timeout=300)
        self.assertIn("This account does not exist any more", errors)
        self.assertEqual(judge(owner_id, []), [])
        self.assertEqual(cards.all_owners().with_deleted().count(), 0)
