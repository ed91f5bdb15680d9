"""Each statistic is what a plain recount of the log gives."""

import contextlib
import random
import uuid
from datetime import datetime, timedelta

from flashcards import store
from flashcards.cards.cards import get_card
from flashcards.domain.records import Rating
from flashcards.insight import statistics
from flashcards.insight.statistics import Span
from flashcards.review import scope
from flashcards.review.ratings import NothingToUndo, review_card, undo_review
from flashcards.store import review_logs
from tests.base import TestCase
from tests.factories import NOW, stored_card
from tests.flashcards.insight.recount import Recount


class StatisticsTests(TestCase):
    def test_they_agree_with_the_log_whatever_was_undone_and_moved(self) -> None:
        draw = random.Random(3)
        cards = [stored_card(self.alice) for _ in range(4)]
        now = NOW
        for step in range(60):
            now += timedelta(hours=draw.choice([1, 5, 30, 300]) / 4)
            if draw.random() < 0.2:
                with contextlib.suppress(NothingToUndo):
                    undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=now)
            else:
                self.rate(draw.choice(cards).id, draw.randint(1, 4), now)
            if step % 7 == 0:
                store.checkpoint()
            if step % 20 == 0:
                self.check(now)
        store.clear_cache()
        self.check(now)

    def rate(self, card_id: uuid.UUID, rating: int, now: datetime) -> None:
        card = get_card(owner_id=self.alice.pk, card_id=card_id)
        review_card(
            owner_id=self.alice.pk,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=card.sequence,
            rating=Rating(rating),
            now=now,
            duration_ms=1_500,
        )

    def check(self, now: datetime) -> None:
        logs = list(review_logs.for_owner(self.alice))
        for span in Span:
            reading = statistics.read(self.alice.pk, scope.EVERYTHING, span, now)
            day = reading.learner.settings.day
            recount = Recount.of(logs, day, reading.first, reading.today)
            found = statistics.reviews(reading)
            answers, seconds = recount.by_kind(recount.days())
            for name in answers:
                self.assertEqual(getattr(found.answers, name), answers[name])
                self.assertEqual(getattr(found.seconds, name), seconds[name])
            retention = statistics.retention(reading)
            self.assertEqual(retention.young, recount.recall(recount.logs, mature=False))
            self.assertEqual(retention.mature, recount.recall(recount.logs, mature=True))
            tested = statistics.forgetting(reading).all.tested
            self.assertEqual(tested, recount.after_lapses().total())
