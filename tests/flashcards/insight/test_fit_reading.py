"""The log as a fit reads it: what the replay counts, card by card."""

import contextlib
import dataclasses
import random
import uuid
from datetime import datetime, timedelta

import numpy as np

from flashcards import scheduling, store
from flashcards.cards.cards import get_card
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.insight import fit_reading
from flashcards.review import resetting
from flashcards.review.ratings import NothingToUndo, review_card, undo_review
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.scheduling.fitting import loss
from flashcards.scheduling.replay import answered_reviews
from flashcards.store import cards, review_logs
from tests.base import TestCase
from tests.factories import NOW, flashcard, review_log, stored_card
from tests.factories import store as stored


class ReadingTests(TestCase):
    def test_it_is_what_the_replay_counts_whatever_happened(self) -> None:
        draw = random.Random(5)
        ids = [stored_card(self.alice).id for _ in range(6)]
        now = NOW
        for step in range(90):
            now += timedelta(hours=draw.choice([0, 1, 30, 300]))
            doing = draw.random()
            if doing < 0.1:
                with contextlib.suppress(NothingToUndo):
                    undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=now)
            elif doing < 0.14:
                resetting.reset_schedule(
                    owner_id=self.alice.pk, card_id=draw.choice(ids[:5]), now=now
                )
            else:
                # Some are told late: by a clock that is behind.
                late = timedelta(hours=draw.choice([0, 0, 0, 40]))
                self.rate(draw.choice(ids[:5]), draw.randint(1, 4), now - late)
            if step % 30 == 29:
                store.checkpoint()
        stranger = stored_card(self.bob)
        self.rate(stranger.id, 3, now, owner=self.bob.pk)
        log = fit_reading.read(self.alice.pk)
        self.assertEqual(self.rows(log), self.expected())
        only = {str(ids[0])}
        self.assertEqual(fit_reading.read(self.alice.pk, only).folded_ids, [str(ids[0])])

    def rate(
        self, card_id: uuid.UUID, rating: int, now: datetime, owner: uuid.UUID | None = None
    ) -> None:
        owner_id = owner or self.alice.pk
        card = get_card(owner_id=owner_id, card_id=card_id)
        review_card(
            owner_id=owner_id,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=card.sequence,
            rating=Rating(rating),
            now=now,
            duration_ms=1_500,
        )

    def rows(self, log: fit_reading.Log) -> list[list[tuple[int, float]]]:
        histories = log.answered
        ends = np.cumsum(histories.counts)
        pairs = list(zip(histories.ratings.tolist(), histories.days.tolist(), strict=True))
        return sorted(
            pairs[int(end - count) : int(end)]
            for end, count in zip(ends, histories.counts, strict=True)
        )

    def expected(self) -> list[list[tuple[int, float]]]:
        by_card: dict[uuid.UUID, list[ReviewLog]] = {}
        for log in review_logs.for_owner(self.alice):
            by_card.setdefault(log.flashcard_id, []).append(log)
        counted = [answered_reviews(logs)[1] for logs in by_card.values()]
        return sorted(
            [(int(one.rating), float(one.elapsed_days or 0)) for one in reviews]
            for reviews in counted
            if reviews
        )

    def test_the_memories_are_those_of_the_cards(self) -> None:
        ids = [stored_card(self.alice).id for _ in range(4)]
        now = NOW
        for step in range(40):
            now += timedelta(hours=(step * 17) % 60)
            self.rate(ids[step % 4], 1 + step % 4, now)
        log = fit_reading.read(self.alice.pk)
        stability, difficulty = loss.memories(log.folded, np.array(DEFAULT_PARAMETERS))
        found = {
            each: (s, d) for each, s, d in zip(log.folded_ids, stability, difficulty, strict=True)
        }
        for card in cards.for_owner(self.alice):
            stability, difficulty = found[str(card.id)]
            self.assertAlmostEqual(stability, card.stability or 0.0)
            self.assertAlmostEqual(difficulty, card.difficulty or 0.0)

    def test_a_given_row_after_all_answers_is_passed_over(self) -> None:
        # As an import from Anki writes it, for the memory of parameters of its own.
        card = flashcard(self.alice)
        rows = [
            self.row(card, 0, None),
            self.row(card, 1, 4.0),
            dataclasses.replace(
                scheduling.given_row(
                    dataclasses.replace(
                        card, stability=30.0, difficulty=3.0, state=State.REVIEW, sequence=2
                    ),
                    NOW + timedelta(days=4),
                    log_id=uuid.uuid4(),
                ),
                sequence=2,
            ),
        ]
        for row in rows:
            stored(dataclasses.replace(scheduling.fold(card, rows), sequence=3), logs=(row,))
        log = fit_reading.read(self.alice.pk)
        self.assertEqual(self.rows(log), [[(3, 0.0), (3, 4.0)]])
        self.assertEqual(log.folded_ids, [])

    def test_a_given_row_before_all_answers_is_where_they_begin(self) -> None:
        card = flashcard(self.alice)
        given = scheduling.given_row(
            dataclasses.replace(card, stability=30.0, difficulty=3.0, state=State.REVIEW),
            NOW,
            log_id=uuid.uuid4(),
        )
        rows = [given, self.row(card, 1, 9.0)]
        for row in rows:
            stored(dataclasses.replace(scheduling.fold(card, rows), sequence=2), logs=(row,))
        log = fit_reading.read(self.alice.pk)
        self.assertEqual(self.rows(log), [[(3, 9.0)]])
        self.assertEqual(log.answered.stability.tolist(), [30.0])
        self.assertEqual(int(log.answered.items.sum()), 1)

    def row(self, card: Flashcard, sequence: int, elapsed: float | None) -> ReviewLog:
        return review_log(
            card,
            sequence=sequence,
            kind=LogKind.REVIEW,
            elapsed_days=elapsed,
            reviewed_at=NOW + timedelta(days=elapsed or 0),
            scheduled_days=3.0,
            state_after=State.REVIEW,
        )

    def test_without_reviews_there_is_nothing(self) -> None:
        stored_card(self.alice)
        log = fit_reading.read(self.alice.pk)
        self.assertEqual(log.answered.reviews, 0)
        self.assertEqual(log.folded_ids, [])
