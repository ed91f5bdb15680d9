"""GET /review/<card>/source/: the words a card came from."""

import uuid
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from chat.conversations.conversations import start_conversation
from flashcards.domain.records import Flashcard, NewCard, Source, text_hash
from tests.base import TestCase
from tests.flashcards.given_cards import give_cards
from tests.flashcards.web.view_rules import HTMX, CardViewRules

TEXT = "Cells have parts. The **mitochondrion** makes ATP. Ribosomes make proteins."
WORDS = "The **mitochondrion** makes ATP."


def sourced_card(user: User, **source: object) -> Flashcard:
    message = start_conversation(user, TEXT)
    start = TEXT.index(WORDS)
    found = Source(
        **{  # type: ignore[arg-type]
            "message_id": message.id,
            "start": start,
            "end": start + len(WORDS),
            "hash": text_hash(WORDS),
            **source,
        }
    )
    new = NewCard(question="What makes ATP?", answer="The mitochondrion", source=found)
    return give_cards(user, new)[0]


class SourceTests(CardViewRules, TestCase):
    name = "review_source"

    def setUp(self) -> None:
        self.made_at = timezone.now() - timedelta(minutes=1)

    def get(self, card: Flashcard) -> str:
        return self.client.get(self.url(card), headers=HTMX).content.decode()

    def test_it_marks_the_words_and_links_to_the_message(self) -> None:
        self.log_in()
        card = sourced_card(self.alice)
        html = self.get(card)
        self.assertIn("<mark>The mitochondrion makes ATP.</mark>", html)
        self.assertIn("Cells have parts.", html)
        self.assertIn(f"/chat/messages/{card.message_id}/", html)

    def test_words_that_changed_since_are_not_marked_wrongly(self) -> None:
        self.log_in()
        html = self.get(sourced_card(self.alice, hash=text_hash("other words")))
        self.assertNotIn("<mark>The mitochondrion makes ATP.</mark>", html)
        self.assertIn("Ribosomes", html)

    def test_offsets_out_of_reach_show_the_beginning(self) -> None:
        self.log_in()
        html = self.get(sourced_card(self.alice, start=5, end=5_000, hash=""))
        self.assertIn("Cells have parts.", html)

    def test_a_message_that_is_gone_is_said_to_be(self) -> None:
        self.log_in()
        html = self.get(sourced_card(self.alice, message_id=uuid.uuid4()))
        self.assertIn("The source text was deleted.", html)

    def test_another_learners_message_is_never_shown(self) -> None:
        self.log_in()
        bobs = start_conversation(self.bob, "Bob's secret")
        html = self.get(sourced_card(self.alice, message_id=bobs.id))
        self.assertNotIn("secret", html)

    def test_without_a_script_it_leads_to_the_cards_page(self) -> None:
        self.log_in()
        card = sourced_card(self.alice)
        response = self.client.get(self.url(card))
        self.assertRedirects(response, f"/cards/{card.id}/#source")
