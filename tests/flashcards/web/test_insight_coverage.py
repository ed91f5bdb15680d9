"""/insight/coverage/: the list, the page of a text, and drafts for what has no card."""

import uuid

from django.urls import reverse
from django.utils import timezone

from flashcards.drafting import documents
from flashcards.models import Document, DraftBatch
from tests.base import TestCase
from tests.flashcards.insight.test_coverage import TEXT, talk

URL = "/insight/coverage/"


class CoveragePageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def give_document(self) -> Document:
        return documents.add(
            owner_id=self.alice.id, name="cell.md", content=TEXT.encode(), now=timezone.now()
        )

    def test_it_is_for_who_is_logged_in_and_takes_no_form(self) -> None:
        document = self.give_document()
        self.assertEqual(self.client.post(URL).status_code, 405)
        self.assertEqual(self.client.post(f"{URL}{document.id}/").status_code, 405)
        self.assertEqual(self.client.get(f"{URL}{document.id}/make/").status_code, 405)
        self.client.logout()
        for path in ("", f"{document.id}/"):
            self.assertEqual(self.client.get(URL + path).status_code, 302)

    def test_it_lists_conversations_and_files_or_says_what_comes(self) -> None:
        self.assertContains(self.client.get(URL), "What have you made into cards?")
        document, conversation = self.give_document(), talk(self.alice)
        response = self.client.get(URL)
        for each in (document, conversation):
            self.assertContains(response, f"{URL}{each.id}/")

    def test_a_text_shows_its_ideas_and_leads_to_drafts_of_each(self) -> None:
        document = self.give_document()
        response = self.client.get(f"{URL}{document.id}/")
        self.assertContains(response, "Mitochondria produce most")
        self.assertContains(response, "3 have none")
        self.assertContains(response, "Make these 3")
        make = reverse("flashcards:make", args=[document.id])
        self.assertContains(response, f"{make}?from=")

    def test_cards_are_drafted_of_exactly_what_has_none(self) -> None:
        document = self.give_document()
        response = self.client.post(f"{URL}{document.id}/make/", follow=True)
        self.assertRedirects(response, f"{URL}{document.id}/")
        batches = DraftBatch.objects.filter(owner=self.alice, document=document)
        self.assertEqual(batches.count(), 3)
        for batch in batches:
            for draft in batch.drafts.all():
                self.assertLessEqual(batch.span_start or 0, draft.source_start or 0)
        drafted = sum(batch.drafts.exists() for batch in batches)
        self.assertGreater(drafted, 0)
        self.assertContains(response, "Choose from its drafts", count=drafted)
        self.assertContains(response, "No draft came of it", count=3 - drafted)
        self.assertNotContains(response, "Make these")
        self.client.post(f"{URL}{document.id}/make/")
        self.assertEqual(batches.count(), 3)

    def test_the_pages_of_a_conversation_and_of_a_file_lead_here(self) -> None:
        document, conversation = self.give_document(), talk(self.alice)
        page = self.client.get(reverse("chat:conversation", args=[conversation.id]))
        self.assertContains(page, f"{URL}{conversation.id}/")
        page = self.client.get(reverse("flashcards:make", args=[document.id]))
        self.assertContains(page, f"{URL}{document.id}/")

    def test_another_learners_text_is_not_there(self) -> None:
        document, conversation = self.give_document(), talk(self.alice)
        self.log_in(self.bob)
        for each in (document.id, conversation.id, uuid.uuid4()):
            self.assertEqual(self.client.get(f"{URL}{each}/").status_code, 404)
            self.assertEqual(self.client.post(f"{URL}{each}/make/").status_code, 404)
