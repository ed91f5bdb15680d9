"""The worker finds whose cards are outdated, and asks for the folding of theirs alone."""

from typing import Any
from unittest import mock
from uuid import UUID

from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from flashcards import tasks
from flashcards.cards import decks, folding, jobs
from flashcards.domain.records import Rating
from flashcards.models import Deck
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.study_settings import presets
from memoryloop.server import queues
from tests.base import TestCase
from tests.factories import NOW, stored_card
from tests.flashcards.given_cards import answer

STRONG = tuple(each * 1.3 if n < 4 else each for n, each in enumerate(DEFAULT_PARAMETERS))
LEARNERS = 9


class FindTests(TestCase):
    """Learners with parameters of their own, of whom a few have outdated cards."""

    def setUp(self) -> None:
        people = [User.objects.create_user(f"{n}@example.org") for n in range(LEARNERS)]
        self.outdated = {people[2].pk, people[7].pk, people[8].pk}
        decided_by_deck = people[8]
        for learner in people:
            # A new card has no memory that could be outdated.
            first, second, _ = (stored_card(learner) for _ in range(3))
            if learner.pk in self.outdated and learner != decided_by_deck:
                answer(first, Rating.GOOD, now=NOW)
            presets.save_model(owner_id=learner.pk, preset_id=None, parameters=STRONG, now=NOW)
            answer(second, Rating.GOOD, now=NOW)
        # Whose deck gets a preset with the model's own parameters.
        deck = decks.create_deck(owner_id=decided_by_deck.pk, name="French", now=NOW)
        preset = presets.create(owner_id=decided_by_deck.pk, name="Own", now=NOW)
        presets.save_model(
            owner_id=decided_by_deck.pk,
            preset_id=preset.pk,
            parameters=DEFAULT_PARAMETERS,
            now=NOW,
        )
        card = stored_card(decided_by_deck, deck_ids=(deck.id,))
        answer(card, Rating.GOOD, now=NOW)
        Deck.objects.filter(id=deck.id).update(preset=preset)

    def queued(self) -> list[UUID]:
        found = ProcrastinateJob.objects.filter(task_name=jobs.FOLD).values_list("args", flat=True)
        return [UUID(each["owner_id"]) for each in found]

    def test_a_job_is_queued_for_each_who_has_outdated_cards_and_nobody_else(self) -> None:
        for at_once in (1, 4, 1000):
            ProcrastinateJob.objects.all().delete()
            with (
                self.subTest(at_once=at_once),
                mock.patch.object(folding, "OWNERS_AT_ONCE", at_once),
            ):
                with self.captureOnCommitCallbacks(execute=True):
                    self.assertIsNone(folding.fold_all_outdated(NOW))
                self.assertCountEqual(self.queued(), self.outdated)
                self.assertEqual(ProcrastinateJob.objects.count(), len(self.outdated))

    def test_they_are_looked_at_in_slices_of_which_each_asks_for_the_next(self) -> None:
        asked_of_all = ProcrastinateJob.objects.filter(task_name=jobs.FOLD_ALL)
        arguments: dict[str, Any] = {"timestamp": 0}
        slices = 0
        with (
            mock.patch.object(folding, "OWNERS_AT_ONCE", 2),
            mock.patch.object(queues, "SLICE_SECONDS", 0),
        ):
            while arguments:
                with self.captureOnCommitCallbacks(execute=True):
                    tasks.fold_outdated_cards(**arguments)
                slices += 1
                arguments = next(iter(asked_of_all.values_list("args", flat=True)), {})
                asked_of_all.delete()
        self.assertEqual(slices, (LEARNERS + 1) // 2)
        self.assertCountEqual(self.queued(), self.outdated)
        # They are folded, and nothing is left to ask for.
        ProcrastinateJob.objects.all().delete()
        for owner_id in self.outdated:
            folding.fold_outdated(owner_id=owner_id)
        with self.captureOnCommitCallbacks(execute=True):
            folding.fold_all_outdated(NOW)
        self.assertEqual(self.queued(), [])
