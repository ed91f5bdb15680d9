"""Long jobs give their slot back: each does a slice and asks for the next, until all is done."""

import functools
import itertools
from collections import Counter
from unittest import mock

from django.test import TransactionTestCase
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from flashcards.cards import batch, bulk_actions, embedding, jobs
from flashcards.cards.card_actions import Verb
from flashcards.store import cards
from memoryloop.server import queues
from tests.factories import stored_card

CARDS = 7
BATCH = 2


class SliceTests(TransactionTestCase):
    def setUp(self) -> None:
        self.alice, self.bob = (
            User.objects.create_user(f"{name}@example.org") for name in ("alice", "bob")
        )
        for owner in (self.alice, self.bob):
            for _ in range(CARDS):
                stored_card(owner)
        for patched in (
            mock.patch.object(queues, "SLICE_SECONDS", 0),
            mock.patch.object(
                embedding, "embed_cards", functools.partial(embedding.embed_cards, limit=BATCH)
            ),
            mock.patch.object(batch, "BATCH_CARDS", BATCH),
            mock.patch.object(bulk_actions, "AT_ONCE_CARDS", 0),
        ):
            patched.start()
            self.addCleanup(patched.stop)
        ProcrastinateJob.objects.filter().delete()

    def work(self, task: str) -> list[str]:
        """Do the waiting jobs of a task one after another; return the learners in this order."""
        turns = []
        while job := ProcrastinateJob.objects.filter(task_name=task).order_by("id").first():
            ProcrastinateJob.objects.filter(id=job.id).delete()
            turns.append(job.lock)
            app.tasks[task].func(**job.args)
        return turns

    def assert_turns(self, turns: list[str]) -> None:
        """Both had as many slices, and neither two while the other waited."""
        counts = Counter(turns)
        self.assertEqual(len(counts), 2)
        self.assertGreaterEqual(min(counts.values()), CARDS // BATCH)
        self.assertTrue(all(one != other for one, other in itertools.pairwise(turns)))

    def test_embedding_takes_turns(self) -> None:
        for owner in (self.alice, self.bob):
            jobs.request_embedding(owner.pk)
        self.assert_turns(self.work(jobs.EMBED_CARDS))
        self.assertEqual(cards.all_owners().filter(embedding_model="").count(), 0)

    def test_changes_of_many_cards_take_turns_and_a_learners_own_keep_their_order(self) -> None:
        for owner in (self.alice, self.bob):
            ids = [card.id for card in cards.for_owner(owner)]
            for tag in ("first", "second"):
                bulk_actions.start(
                    owner_id=owner.pk,
                    verb=Verb.TAG,
                    argument={"tag": tag},
                    card_ids=ids,
                    clock=timezone.now,
                )
        self.assert_turns(self.work(jobs.BULK))
        for owner in (self.alice, self.bob):
            for card in cards.for_owner(owner):
                self.assertEqual(card.tags[-2:], ("first", "second"))
