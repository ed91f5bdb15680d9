"""The card store's page in the admin, the journal and the draft batches."""

from tempfile import TemporaryDirectory
from typing import Any

from django.urls import reverse
from django.utils import timezone

from chat.conversations.conversations import start_conversation
from flashcards.models import Draft, DraftBatch, JournalEntry, StoreVersions
from flashcards.store.maintenance import checkpoint
from tests.engines import InLanceDB, InPostgreSQL
from tests.flashcards.admin import admin_pages
from tests.flashcards.admin.admin_pages import AdminTestCase
from tests.flashcards.given_cards import answer, give_cards, give_many


class TestPanel(InLanceDB, AdminTestCase):
    def setUp(self) -> None:
        self.log_in(self.charlie)

    def panel(self) -> Any:
        response = self.client.get(reverse(admin_pages.STORE))
        self.assertEqual(response.status_code, 200)
        return response

    def checkpoint(self) -> Any:
        return self.client.post(reverse(admin_pages.CHECKPOINT), follow=True)

    def test_it_shows_a_store_that_was_never_written(self) -> None:
        response = self.panel()
        self.assertContains(response, "Nothing is pending")
        self.assertContains(response, "There has been no checkpoint yet.")
        self.assertEqual([table.rows for table in response.context["status"].tables], [0, 0])

    def test_it_shows_what_is_pending_and_what_each_table_holds(self) -> None:
        cards = give_many(self.alice, 3)
        checkpoint.run()
        answer(cards[0], now=timezone.now())
        give_cards(self.bob)
        response = self.panel()
        self.assertContains(response, "2 changes wait")
        self.assertContains(response, "1 checkpoint so far")
        tables = {table.name: table for table in response.context["status"].tables}
        self.assertEqual(tables["flashcards"].rows, 4)
        self.assertEqual(tables["review_logs"].rows, 1)
        recorded = StoreVersions.objects.get()
        self.assertEqual(tables["flashcards"].version, recorded.flashcards)

    def test_a_superuser_makes_a_checkpoint(self) -> None:
        give_many(self.alice, 3)
        response = self.checkpoint()
        self.assertContains(response, "3 changes moved")
        self.assertEqual(JournalEntry.objects.count(), 0)
        self.assertContains(self.checkpoint(), "Nothing was pending.")

    def test_a_checkpoint_is_made_by_post_and_by_superusers_only(self) -> None:
        give_cards(self.alice)
        url = reverse(admin_pages.CHECKPOINT)
        self.assertEqual(self.client.get(url).status_code, 405)
        self.permit("view_storeversions", "change_storeversions")
        self.assertEqual(self.client.post(url).status_code, 403)
        self.log_in(self.alice)
        self.assertEqual(self.client.post(url).status_code, 302)
        self.assertEqual(JournalEntry.objects.count(), 1)

    def test_it_says_that_a_table_cannot_be_read(self) -> None:
        give_cards(self.alice)
        checkpoint.run()
        with TemporaryDirectory() as empty, self.settings(LANCEDB_URI=empty):
            self.assertContains(self.panel(), "does LANCEDB_URI point at the right place?")


class TestPostgresPanel(InPostgreSQL, AdminTestCase):
    def test_it_shows_rows_and_sizes_and_that_nothing_is_ever_pending(self) -> None:
        self.log_in(self.charlie)
        cards = give_many(self.alice, 3)
        answer(cards[0], now=timezone.now())
        response = self.client.get(reverse(admin_pages.STORE))
        self.assertContains(response, "nothing is ever pending")
        self.assertNotContains(response, "Checkpoint now")
        self.assertNotContains(response, "LanceDB")
        tables = {table.name: table for table in response.context["status"].tables}
        self.assertEqual((tables["flashcards"].rows, tables["review_logs"].rows), (3, 1))
        self.assertContains(response, "<td>3</td>", html=True)
        self.assertGreater(tables["flashcards"].bytes, 0)


class TestJournal(InLanceDB, AdminTestCase):
    def test_it_lists_entries_and_finds_them_by_card(self) -> None:
        (card,) = give_cards(self.alice)
        give_cards(self.bob)
        self.log_in(self.charlie)
        self.assertEqual(len(self.listed(admin_pages.JOURNAL)), 2)
        (found,) = self.listed(admin_pages.JOURNAL, q=str(card.id))
        url = reverse("admin:flashcards_journalentry_change", args=[found])
        self.assertContains(self.client.get(url), "capital of France")


class TestDraftBatches(AdminTestCase):
    def setUp(self) -> None:
        message = start_conversation(self.alice, "Paris is the capital of France.")
        self.batch = DraftBatch.objects.create(
            owner=self.alice, message=message, status=DraftBatch.Status.READY, provider="Rules"
        )
        Draft.objects.create(
            batch=self.batch, position=0, question="Which capital?", answer="Paris"
        )
        self.url = reverse("admin:flashcards_draftbatch_change", args=[self.batch.pk])

    def test_it_lists_batches_and_shows_their_drafts(self) -> None:
        self.permit("view_draftbatch")
        self.assertEqual(self.listed(admin_pages.DRAFTS, q="alice@"), [self.batch.pk])
        self.assertEqual(self.listed(admin_pages.DRAFTS, status="failed"), [])
        response = self.client.get(self.url)
        self.assertContains(response, "1. Keep: Which capital?")
        self.assertNotContains(response, 'name="_save"')

    def test_nobody_changes_one(self) -> None:
        self.log_in(self.charlie)
        self.assertEqual(self.client.post(self.url, {"status": "done"}).status_code, 403)

    def test_a_user_with_drafts_can_be_deleted(self) -> None:
        self.log_in(self.charlie)
        url = reverse("admin:accounts_user_delete", args=[self.alice.pk])
        self.client.post(url, {"post": "yes"})
        self.assertFalse(DraftBatch.objects.exists())
