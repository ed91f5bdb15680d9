"""Due days are read seldom, whatever is in the journal."""

import uuid
from datetime import UTC, datetime, timedelta
from unittest import mock

from flashcards import study_settings
from flashcards.domain.records import Rating
from flashcards.review.ratings import review_card
from flashcards.store.due import due_cards
from flashcards.store.journal.pending import read_pending
from flashcards.store.maintenance import checkpoint
from tests.base import TestCase
from tests.engines import InLanceDB
from tests.flashcards.given_cards import give_many

NOW = datetime(2026, 3, 10, 13, tzinfo=UTC)


class DueDaysTests(InLanceDB, TestCase):
    def counted(self, now: datetime) -> None:
        mine = study_settings.settings_for(owner_id=self.alice.id)
        begins = study_settings.queue_settings(mine, now).day_begins
        due_cards.due_counts(self.alice.id, read_pending(self.alice.id), now, begins)(0, 30)

    def test_an_old_entry_in_the_journal_does_not_have_them_read_each_time(self) -> None:
        (card, _) = give_many(self.alice, 2)
        checkpoint.run_until_empty()
        review_card(
            owner_id=self.alice.id,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=card.sequence,
            rating=Rating.EASY,
            now=NOW - timedelta(hours=7),
        )
        due_cards.clear_cache()
        with mock.patch.object(due_cards, "_count_stored", wraps=due_cards._count_stored) as scan:
            for second in range(5):
                self.counted(NOW + timedelta(seconds=second))
            self.assertEqual(scan.call_count, 1)
            self.counted(NOW + due_cards.COUNTED_FOR)
            self.assertEqual(scan.call_count, 2)
