"""What check_store does about review totals, whichever engine has the rows."""

import uuid
from datetime import timedelta

from django.db.models import F, Sum

from flashcards import store
from flashcards.domain.records import Flashcard, LogKind, Rating
from flashcards.maintenance import check, check_totals
from flashcards.models import ReviewTotals
from tests.base import TestCase
from tests.factories import NOW, flashcard, review_log
from tests.factories import store as write

# What the totals of six quarters of an hour have more than the log, or less.
DIFFERENCES = (
    (0, 1, 2, 0, 0, 0), (0, 0, 0, 0, 0, -1),
    (-1, -1, -1, -1, -1, -1), (1, -1, 1, -1, 2, -1),
)  # fmt: skip


class TotalsContract(TestCase):
    """Mixed into a test case of each engine."""

    def answered(self) -> Flashcard:
        """Write a card with answers in six quarters of an hour, two in each, and one undone."""
        card = flashcard(self.alice, sequence=13)
        logs = [
            review_log(
                card,
                sequence=number,
                rating=Rating(number % 4 + 1),
                reviewed_at=NOW + timedelta(minutes=15 * (number // 2)),
                duration_ms=1_000,
            )
            for number in range(12)
        ]
        undo = review_log(
            card, kind=LogKind.UNDO, rating=None, undoes=logs[-1].id, sequence=12, reviewed_at=NOW
        )
        for log in (*logs, undo):
            write(card, logs=(log,))
        store.checkpoint_all()
        return card

    def totals_found(self, *, repair: bool = False) -> list[tuple[int, int, list[str]]]:
        store.clear_cache()
        report = check.check(repair=repair)
        return [
            (each.count, each.repaired, each.examples)
            for each in report.findings
            if each.kind == "totals_behind"
        ]

    def test_totals_below_the_log_are_found_and_raised_to_it(self) -> None:
        self.answered()
        right = list(ReviewTotals.objects.filter(reviews__gt=0))
        self.assertEqual(sum(row.reviews for row in right), 11)
        for differences in DIFFERENCES:
            with self.subTest(differences):
                for row in right:
                    row.save()
                wanted = self.changed(differences)
                behind = sum(difference < 0 for difference in differences)
                example = [f"account {self.alice.pk}: {behind:,} answers"]
                found = self.totals_found(repair=True)
                self.assertEqual(found, [(1, 1, example)] if behind else [])
                self.assertEqual(check_totals.missing(self.alice.pk), 0)
                # What is beyond the log stays.
                self.assertEqual(self.counts(), wanted)

    def changed(self, differences: tuple[int, ...]) -> dict[int, int]:
        """Change a total in each quarter, and return what all are to be once they are mended."""
        wanted = self.counts()
        for quarter, difference in zip(sorted(wanted), differences, strict=True):
            row = ReviewTotals.objects.filter(quarter=quarter, reviews__gt=0).order_by("code")[:1]
            ReviewTotals.objects.filter(pk=row[0].pk).update(reviews=F("reviews") + difference)
            wanted[quarter] += max(0, difference)
        return wanted

    def counts(self) -> dict[int, int]:
        rows = ReviewTotals.objects.filter(reviews__gt=0)
        return dict(rows.values_list("quarter").annotate(all=Sum("reviews")))

    def test_totals_of_erased_cards_are_no_fault(self) -> None:
        card = self.answered()
        store.lock_owner(self.alice.pk)
        store.erase_cards([card])
        store.checkpoint_all()
        self.assertEqual(self.totals_found(), [])
        self.assertEqual(sum(self.counts().values()), 11)

    def test_lost_totals_come_back_whole(self) -> None:
        self.answered()
        before = list(rows_of(self.alice.pk))
        ReviewTotals.objects.filter(reviews__gt=0)[:1].get().delete()
        self.assertEqual([found[:2] for found in self.totals_found()], [(1, 0)])
        ReviewTotals.objects.all().delete()
        self.assertEqual([found[:2] for found in self.totals_found(repair=True)], [(1, 1)])
        self.assertEqual(list(rows_of(self.alice.pk)), before)


def rows_of(owner_id: uuid.UUID) -> list[tuple[int, ...]]:
    rows = ReviewTotals.objects.filter(owner_id=owner_id, reviews__gt=0)
    return list(rows.order_by("quarter", "code").values_list(*FIELDS))


FIELDS = ("quarter", "code", "reviews", "duration_ms")
