"""While LanceDB cannot be read, pages say so plainly and nothing that was rated is lost."""

import shutil
import uuid
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from flashcards.domain.records import Rating
from flashcards.review.ratings import review_card
from flashcards.store import review_logs
from flashcards.store.maintenance import checkpoint
from tests.base import TestCase
from tests.engines import InLanceDB
from tests.factories import NOW, stored_card
from tests.flashcards.store.processes import forget


class StoreErrorTests(InLanceDB, TestCase):
    def setUp(self) -> None:
        self.card = stored_card(self.alice)
        checkpoint.run()
        self.review()
        self.log_in()
        self.folder = Path(settings.LANCEDB_URI)

    def review(self) -> None:
        review_card(
            owner_id=self.alice.pk,
            card_id=self.card.id,
            review_id=uuid.uuid4(),
            sequence=0,
            rating=Rating.GOOD,
            now=NOW,
        )

    def test_pages_answer_503_and_say_what_is_safe(self) -> None:
        aside = self.folder.rename(self.folder.with_name("aside"))
        forget()
        for name in ("flashcards:cards", "flashcards:review"):
            response = self.client.get(reverse(name))
            self.assertContains(response, "Nothing you saved or rated is lost", status_code=503)
            self.assertEqual(response.headers["Retry-After"], "10")
        shutil.rmtree(self.folder, ignore_errors=True)
        aside.rename(self.folder)
        forget()
        self.assertEqual(self.client.get(reverse("flashcards:cards")).status_code, 200)
        self.assertEqual(review_logs.for_owner(self.alice).count(), 1)

    def test_files_that_are_damaged_are_told_the_same_way(self) -> None:
        for file in self.folder.rglob("*.lance"):
            if file.is_file():
                file.write_bytes(b"rubbish")
        forget()
        response = self.client.get(reverse("flashcards:cards"))
        self.assertContains(response, "temporarily unavailable", status_code=503)
