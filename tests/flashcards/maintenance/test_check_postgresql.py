"""check_store on rows in PostgreSQL finds what is wrong there, and mends what can be mended."""

import uuid

from django.db import connection

from flashcards.domain.records import Flashcard, Rating
from flashcards.maintenance import check, health
from flashcards.models import CardRow, ReviewRow
from flashcards.review.ratings import review_card
from flashcards.store import cards
from memoryloop.server.health import FailingError
from tests.base import TestCase
from tests.engines import InPostgreSQL
from tests.factories import NOW, stored_card
from tests.flashcards.maintenance import totals_contract
from tests.flashcards.maintenance.test_check_store import kinds


class CheckPostgresTests(InPostgreSQL, TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.card = stored_card(self.alice)
        stored_card(self.bob)
        for sequence in range(3):
            review_card(
                owner_id=self.alice.pk,
                card_id=self.card.id,
                review_id=uuid.uuid4(),
                sequence=sequence,
                rating=Rating.GOOD,
                now=NOW,
            )

    def newest(self) -> Flashcard:
        return cards.for_owner(self.alice).get()

    def test_a_sound_store_is_clean(self) -> None:
        report = check.check()
        self.assertEqual((report.findings, report.cards, report.logs), ([], 2, 3))
        self.assertEqual(report.pending, 0)
        health.check_card_store()
        self.assertEqual(health.count_pending(), 0)

    def test_a_schedule_that_is_not_the_fold_is_found_and_mended(self) -> None:
        right = self.newest()
        CardRow.objects.filter(pk=right.id).update(stability=99.0)
        self.assertEqual(kinds(check.check()), {"state_is_not_fold": (1, 0)})
        self.assertEqual(kinds(check.check(repair=True)), {"state_is_not_fold": (1, 1)})
        self.assertEqual((kinds(check.check()), self.newest()), ({}, right))

    def test_a_lost_last_review_is_found_and_the_rest_folded(self) -> None:
        ReviewRow.objects.filter(sequence=2).delete()
        self.assertEqual(kinds(check.check(repair=True)), {"missing_logs": (1, 1)})
        self.assertEqual((kinds(check.check()), self.newest().sequence), ({}, 2))

    def test_a_hole_in_a_history_is_told_and_stays(self) -> None:
        ReviewRow.objects.filter(sequence=1).delete()
        report = check.check(repair=True)
        self.assertEqual(kinds(report), {"missing_logs": (1, 0)})
        self.assertFalse(report.is_clean)

    def test_a_card_that_is_not_found_by_its_words_is_mended(self) -> None:
        CardRow.objects.filter(pk=self.card.id).update(question="What is entropy?")
        self.assertEqual(kinds(check.check()), {"image_differs": (1, 0)})
        self.assertEqual(kinds(check.check(repair=True)), {"image_differs": (1, 1)})
        self.assertEqual(kinds(check.check()), {})
        row = CardRow.objects.get(pk=self.card.id)
        self.assertIn("entropy", row.search_keys)
        self.assertEqual(self.newest().sequence, 3)

    def test_links_to_deleted_messages_are_found_and_cut(self) -> None:
        stored_card(self.alice, message_id=uuid.uuid4(), source_start=1, source_end=4)
        self.assertEqual(kinds(check.check(repair=True)), {"dangling_messages": (1, 1)})
        self.assertEqual(kinds(check.check()), {})

    def test_a_missing_index_is_told(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX card_by_due")
        report = check.check()
        self.assertEqual(kinds(report), {"index_missing": (1, 0)})
        self.assertTrue(report.is_clean)

    def test_a_database_that_cannot_be_read_fails_the_health_check(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE flashcards_reviewlog RENAME TO elsewhere")
        with self.assertRaisesRegex(FailingError, "cannot be read"):
            health.check_card_store()


class PostgresTotalsTests(InPostgreSQL, totals_contract.TotalsContract):
    pass
