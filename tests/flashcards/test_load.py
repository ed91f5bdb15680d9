"""Due days are read seldom, whatever is in the journal."""

import uuid
from datetime import UTC, datetime, timedelta
from unittest import mock

from flashcards import services
from flashcards.records import Rating
from flashcards.reviewing import study
from flashcards.store import checkpoint, journal, load
from tests.base import TestCase
from tests.flashcards.cards import give_many

NOW = datetime(2026, 3, 10, 13, tzinfo=UTC)


class DueDaysTests(TestCase):
    def counted(self, now: datetime) -> None:
        mine = study.settings_for(owner_id=self.alice.id)
        begins = study.plan_for(mine, now).day_begins
        load.counts(self.alice.id, journal.read(self.alice.id), now, begins)(0, 30)

    def test_an_old_entry_in_the_journal_does_not_have_them_read_each_time(self) -> None:
        (card, _) = give_many(self.alice, 2)
        checkpoint.run_until_empty()
        services.review_card(
            owner_id=self.alice.id,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=card.sequence,
            rating=Rating.EASY,
            now=NOW - timedelta(hours=7),
        )
        load.forget()
        with mock.patch.object(load, "_scan", wraps=load._scan) as scan:
            for second in range(5):
                self.counted(NOW + timedelta(seconds=second))
            self.assertEqual(scan.call_count, 1)
            self.counted(NOW + load.KEPT_FOR)
            self.assertEqual(scan.call_count, 2)
