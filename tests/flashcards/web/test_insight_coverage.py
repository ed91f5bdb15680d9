"""/insight/coverage/: the list, the page of a text, and drafts for what has no card."""

import uuid

from django.urls import reverse
from django.utils import timezone

from flashcards.cards import embedding
from flashcards.cards.cards import create_cards
from flashcards.domain.records import NewCard
from flashcards.drafting import documents, origins
from flashcards.insight import coverage
from flashcards.models import CoverageAnswer, Document, DraftBatch
from flashcards.web.pages.origins import make_url
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

    def ask_perhaps(self) -> tuple[Document, dict[str, str]]:
        """Give a text and a card that perhaps covers an idea; return what the page would send."""
        document = self.give_document()
        new = NewCard(question="Which organ makes insulin?", answer="The pancreas")
        (card,) = create_cards(owner_id=self.alice.id, cards=[new], now=timezone.now())
        embedding.embed_all(owner_id=self.alice.id)
        ideas = coverage.ideas_of(origins.of_document(document))
        return document, {"of": ideas[1].digest, "card": str(card.id), "row": "2"}

    def test_a_card_that_perhaps_covers_is_asked_about_and_a_yes_is_kept(self) -> None:
        document, sent = self.ask_perhaps()
        url = f"{URL}{document.id}/"
        page = self.client.get(url)
        self.assertContains(page, "0 of 3 ideas have a card, 1 perhaps has one, 2 have none.")
        self.assertContains(page, "Perhaps covered by:", count=1)
        for name, value in sent.items():
            self.assertContains(page, f'name="{name}" value="{value}"')
        response = self.client.post(f"{url}answer/", {**sent, "answer": "yes"}, follow=True)
        self.assertRedirects(response, f"{url}#row-2")
        self.assertContains(response, "1 of 3 ideas has a card, 2 have none.")
        self.assertContains(response, "as you said, new")
        answer = CoverageAnswer.objects.get()
        undo = f"{url}answer/{answer.id}/take-back/"
        # In the row and in the toast.
        self.assertContains(response, undo, count=2)
        self.assertContains(self.client.post(undo, follow=True), "Perhaps covered by:", count=1)

    def test_a_no_is_kept_and_makes_a_card_of_exactly_this_idea(self) -> None:
        document, sent = self.ask_perhaps()
        url = f"{URL}{document.id}/"
        response = self.client.post(f"{url}answer/", {**sent, "answer": "no"}, follow=True)
        batch = DraftBatch.objects.get(document=document)
        self.assertRedirects(response, make_url(batch))
        self.assertContains(response, str(CoverageAnswer.objects.get().id))
        page = self.client.get(url)
        self.assertNotContains(page, "Perhaps covered by:")
        self.assertContains(page, "3 have none")

    def test_an_answer_on_what_is_not_there_is_refused(self) -> None:
        document, sent = self.ask_perhaps()
        url = f"{URL}{document.id}/answer/"
        for wrong in ({"of": "0" * 64}, {"card": str(uuid.uuid4())}, {"card": "?"}, {"of": "\0"}):
            response = self.client.post(url, {**sent, "answer": "yes", **wrong})
            self.assertEqual(response.status_code, 404, wrong)
        self.assertEqual(CoverageAnswer.objects.count(), 0)
        self.assertEqual(self.client.get(url).status_code, 405)

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
