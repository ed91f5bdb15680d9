"""Statistics come from totals kept up at each checkpoint, and agree with the log itself."""

import contextlib
import errno
import random
import uuid
from datetime import UTC, date, datetime, timedelta
from unittest import mock
from zoneinfo import ZoneInfo

from django.db import transaction

from flashcards import scheduling
from flashcards.cards.cards import get_card
from flashcards.domain.records import Rating, State
from flashcards.maintenance import bulk_load, check_totals
from flashcards.models import ReviewTotals, StoreVersions
from flashcards.review.ratings import NothingToUndo, review_card, undo_review
from flashcards.review.statistics import Statistics, statistics
from flashcards.store import (
    Checkpoint,
    answer_totals,
    answers,
    checkpoint_all,
    clear_cache,
    erase_cards,
    failpoints,
    lock_owner,
    review_logs,
)
from flashcards.store.journal import pending
from flashcards.store.owner_arrays import OwnerArrays
from flashcards.store.pending import Pending
from tests.base import TestCase
from tests.engines import by_engine, looks_into_the_journal
from tests.factories import NOW, flashcard, stored_card

YEAR = timedelta(days=365)


class StatisticsTests(TestCase):
    def year(self) -> Statistics:
        return statistics(
            owner_id=self.alice.pk, since=NOW, until=NOW + YEAR, zone=ZoneInfo("Europe/Berlin")
        )

    def test_they_agree_with_the_log_whatever_was_undone_and_moved(self) -> None:
        draw = random.Random(3)
        cards = [stored_card(self.alice) for _ in range(4)]
        now = NOW
        for step in range(60):
            now += timedelta(hours=draw.choice([1, 5, 30, 300]) / 4)
            if draw.random() < 0.2:
                # Some of the gaps are longer than an undo reaches back.
                with contextlib.suppress(NothingToUndo):
                    undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=now)
            else:
                self.rate(draw.choice(cards).id, draw.randint(1, 4), now)
            if step % 7 == 0:
                checkpoint_all()
        for _ in range(2):
            self.assert_agrees(self.year())
            checkpoint_all()

    def rate(self, card_id: uuid.UUID, rating: int, now: datetime) -> None:
        card = get_card(owner_id=self.alice.pk, card_id=card_id)
        review_card(
            owner_id=self.alice.pk,
            card_id=card_id,
            review_id=uuid.uuid4(),
            sequence=card.sequence,
            rating=Rating(rating),
            now=now,
            duration_ms=1_500,
        )

    def assert_agrees(self, found: Statistics) -> None:
        logs = scheduling.effective(review_logs.for_owner(self.alice))
        self.assertEqual(found.reviews, len(logs))
        self.assertEqual(found.seconds, 1.5 * len(logs))
        for rating, count in found.by_rating.items():
            self.assertEqual(count, sum(log.rating is rating for log in logs))
        tested = [
            log for log in logs if log.state_before is State.REVIEW and (log.elapsed_days or 0) >= 1
        ]
        recalled = sum(log.rating is not Rating.AGAIN for log in tested)
        self.assertEqual(found.true_retention, recalled / len(tested) if tested else None)
        self.assertEqual(sum(found.by_day.values()), len(logs))
        self.assertEqual(sum(found.by_hour.values()), len(logs))

    def test_days_are_the_learners_own(self) -> None:
        card = stored_card(self.alice)
        # 01:30 in Berlin on the 2nd: the learner's 1st of June goes on until 04:00.
        self.rate(card.id, 3, datetime(2026, 6, 1, 23, 30, tzinfo=UTC))
        found = self.year()
        self.assertEqual(found.by_day, {date(2026, 6, 1): 1})
        self.assertEqual(found.by_hour, {1: 1})
        self.assertIsNone(found.true_retention)

    def test_what_was_loaded_in_bulk_is_counted(self) -> None:
        card, logs = flashcard(self.alice), []
        for day in (0, 3, 20):
            card, log = scheduling.review(
                card, Rating.EASY, NOW + timedelta(days=day), review_id=uuid.uuid4()
            )
            logs.append(log)
        bulk_load.load_cards(owner_id=self.alice.pk, cards=[card], logs=logs)
        self.assertEqual(self.year().by_rating[Rating.EASY], 3)
        self.assertEqual(self.year().true_retention, 1.0)

    def test_nobody_elses_reviews_count_and_an_erased_owner_has_none(self) -> None:
        self.rate(stored_card(self.alice).id, 3, NOW)
        checkpoint_all()
        zone = ZoneInfo("UTC")
        bobs = statistics(owner_id=self.bob.pk, since=NOW, until=NOW + YEAR, zone=zone)
        self.assertEqual(bobs.reviews, 0)
        self.alice.delete()
        checkpoint_all()
        self.assertEqual(ReviewTotals.objects.count(), 0)

    @looks_into_the_journal
    def test_totals_of_an_earlier_version_are_counted_anew_and_what_is_gone_stays(self) -> None:
        card = stored_card(self.alice)
        for day, rating in ((0, 3), (9, 1), (9, 3), (30, 3)):
            self.rate(card.id, rating, NOW + timedelta(days=day, minutes=17))
        checkpoint_all()
        rows = ReviewTotals.objects.order_by("quarter", "code")
        wanted = list(rows.values_list("quarter", "code", "reviews", "duration_ms"))
        # By the hour, without what a code says besides; and a review of a card that was erased.
        for row in rows:
            row.quarter -= row.quarter % 4
            row.code &= 127
            row.save()
        erased = ReviewTotals.objects.get(pk=rows[0].pk)
        ReviewTotals.objects.filter(pk=erased.pk).update(reviews=3, duration_ms=9_000)
        StoreVersions.objects.update(totals_are_fine=False)
        clear_cache()
        self.assertIsNone(answer_totals(self.alice.pk))
        self.rate(card.id, 3, NOW + timedelta(days=50))
        checkpoint_all()
        found = set(rows.values_list("quarter", "code", "reviews", "duration_ms"))
        self.assertLessEqual(set(wanted), found)
        self.assertIn((erased.quarter, erased.code, 2, 7_500), found)
        self.assertEqual(len(found), len(wanted) + 2)
        totals = answer_totals(self.alice.pk)
        assert totals is not None
        self.assertEqual(totals.counts.sum(), 7)

    @looks_into_the_journal
    def test_a_checkpoint_that_comes_between_is_not_counted_twice(self) -> None:
        card = stored_card(self.alice)
        self.rate(card.id, 3, NOW)
        seen: list[Pending] = []
        moved: list[Checkpoint] = []

        def read_late(owner_id: uuid.UUID) -> Pending:
            seen.append(pending.read_pending(owner_id))
            if not moved:
                moved.append(checkpoint_all())
            return seen[-1]

        totals = OwnerArrays(read_late).answer_totals(self.alice.pk)
        assert totals is not None
        self.assertEqual((totals.counts.sum(), len(seen)), (1, 2))

    @looks_into_the_journal
    def test_a_checkpoint_that_was_cut_off_has_no_answer_counted_twice(self) -> None:
        moved, pending_card = (stored_card(self.alice) for _ in range(2))
        self.rate(moved.id, 3, NOW)
        checkpoint_all()
        for day in (1, 2, 3):
            self.rate(pending_card.id, 3, NOW + timedelta(days=day))
        undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=NOW + timedelta(days=4))

        def fill_the_disk(step: str) -> None:
            # The log is written, the cards are not.
            if step == "checkpoint-logs":
                raise OSError(errno.ENOSPC, "No space left on device")

        for tried in range(2):
            with (
                mock.patch.object(failpoints, "reach", fill_the_disk),
                self.assertRaises(OSError),
            ):
                checkpoint_all()
            clear_cache()
            self.assertEqual((len(answers(self.alice.pk)), self.count()), (3, 3), tried)
            self.assertEqual(check_totals.missing(self.alice.pk), 0)
        for _ in range(2):
            # Also of what was read before, with the entries that have come since.
            checkpoint_all()
            self.assertEqual((len(answers(self.alice.pk)), self.count()), (3, 3))
            clear_cache()

    def test_a_card_that_is_erased_takes_only_what_is_pending_with_it(self) -> None:
        # Where nothing is pending, what was counted stays.
        left = by_engine(lancedb=2, postgresql=3)
        cards = [stored_card(self.alice) for _ in range(2)]
        self.rate(cards[0].id, 3, NOW)
        checkpoint_all()
        self.assertEqual(self.count(), 1)
        self.rate(cards[0].id, 3, NOW + timedelta(days=9))
        self.rate(cards[1].id, 3, NOW + timedelta(days=9))
        self.assertEqual(self.count(), 3)
        with transaction.atomic():
            lock_owner(self.alice.pk)
            erase_cards([get_card(owner_id=self.alice.pk, card_id=cards[0].id)])
            self.assertEqual(self.count(), left)
        for _ in range(2):
            self.assertEqual(self.count(), left)
            checkpoint_all()
            clear_cache()

    def count(self) -> int:
        totals = answer_totals(self.alice.pk)
        assert totals is not None
        return int(totals.counts.sum())
