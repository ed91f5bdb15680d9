"""From a card to the tutor, and back."""

import uuid
from datetime import UTC, timedelta
from unittest import mock

from django.test import TransactionTestCase
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from chat.conversations import versions
from chat.conversations.conversations import start_conversation
from chat.models import Conversation, Message
from chat.recall import prompts
from flashcards.domain.records import Kind, Rating, State
from flashcards.tutor import explain_card
from memoryloop.server import background
from tests.base import PASSWORD, TestCase
from tests.factories import NOW, flashcard, review_log, store, stored_card


class ExplainTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        message = start_conversation(self.alice, "Peru lies by the sea. Lima is its head.")
        self.card = stored_card(
            self.alice,
            question="What is the **capital** of Peru?",
            answer="Lima",
            extra="Founded in 1535",
            tags=("geography",),
            message_id=message.id,
            source_start=22,
            source_end=39,
        )
        self.url = reverse("flashcards:explain", args=[self.card.id])

    def opened(self, **data: str) -> Conversation:
        before = set(Conversation.objects.values_list("id", flat=True))
        response = self.client.post(self.url, data)
        conversation = Conversation.objects.exclude(id__in=before).get()
        self.assertRedirects(
            response, conversation.get_absolute_url(), fetch_redirect_response=False
        )
        return conversation

    def test_it_opens_a_conversation_that_asks_and_awaits_an_answer(self) -> None:
        conversation = self.opened()

        question, answer = conversation.messages.order_by("position")
        self.assertEqual(question.content, "Explain this card to me: What is the capital of Peru?")
        self.assertEqual(answer.status, Message.Status.STREAMING)
        self.assertEqual(conversation.title, "What is the capital of Peru?")
        self.assertEqual(conversation.owner, self.alice)

    def test_the_tutor_is_told_the_card_its_source_and_its_history(self) -> None:
        text = self.opened().seed.text

        for words in (
            "Question: What is the **capital** of Peru?", "Answer: Lima", "Extra: Founded in 1535",
            "Tags: geography", "Lima is its head", "not reviewed yet",
        ):  # fmt: skip
            self.assertIn(words, text)

    def test_its_reviews_are_told_newest_first(self) -> None:
        card = flashcard(
            self.alice, state=State.REVIEW, stability=4.0, difficulty=6.0, reps=3, lapses=1,
            last_review=NOW, sequence=1,
        )  # fmt: skip
        store(card, logs=(review_log(card, rating=Rating.AGAIN, reviewed_at=NOW),))

        told = explain_card.describe_card(self.alice, card, now=NOW + timedelta(days=2), zone=UTC)

        self.assertIn("reviewed 3 times, forgotten 1 time", told)
        self.assertIn("recall now", told)
        self.assertIn(": Again", told)

    def test_a_cloze_is_told_with_its_gap_and_without(self) -> None:
        card = flashcard(self.alice, kind=Kind.CLOZE, question="{{c1::Lima}} is a city.")

        told = explain_card.describe_card(self.alice, card, now=NOW, zone=UTC)

        self.assertIn("Question: **[…]** is a city.", told)
        self.assertIn("Answer: **Lima** is a city.", told)

    def test_the_page_leads_back_to_edit_the_card_and_to_the_review(self) -> None:
        conversation = self.opened(**{"from": "review"})

        page = self.client.get(conversation.get_absolute_url())

        edit = reverse("flashcards:edit_card", args=[self.card.id])
        self.assertContains(page, f'href="{edit}?next={conversation.get_absolute_url()}"')
        self.assertContains(page, "Back to the review")
        self.assertContains(page, "What is the capital of Peru?")
        self.assertNotContains(self.client.get(self.opened().get_absolute_url()), "Back to the rev")

    def test_without_a_page_to_split_nothing_leads_there(self) -> None:
        def without_split(name: str, **rest: object) -> str:
            if name == "flashcards:split_card":
                raise NoReverseMatch(name)
            return reverse(name, **rest)  # type: ignore[arg-type] # as it was called

        with mock.patch(
            "flashcards.web.pages.tutor_links.reverse", side_effect=without_split, autospec=True
        ):
            labels = [link["label"] for link in self.opened().seed.links]

        self.assertEqual(labels, ["Edit the card", "The card"])

    def test_another_conversation_shows_nothing_of_it(self) -> None:
        self.opened()
        other = start_conversation(self.alice, "Hello there").conversation

        self.assertNotContains(self.client.get(other.get_absolute_url()), 'class="seed"')

    def test_a_fork_is_about_the_same(self) -> None:
        question = self.opened().messages.get(position=0)

        fork = versions.fork(question, owner=self.alice)

        self.assertEqual(fork.seed.text, question.conversation.seed.text)

    def test_a_strangers_and_an_unknown_card_are_not_found(self) -> None:
        bobs = stored_card(self.bob)
        for card_id in (bobs.id, uuid.uuid4()):
            url = reverse("flashcards:explain", args=[card_id])
            self.assertEqual(self.client.post(url).status_code, 404)
        self.assertFalse(Message.objects.filter(content__startswith="Explain").exists())

    def test_only_a_post_of_somebody_logged_in(self) -> None:
        self.assertEqual(self.client.get(self.url).status_code, 405)
        self.client.logout()
        self.assertEqual(self.client.post(self.url).status_code, 302)
        self.assertFalse(Message.objects.filter(content__startswith="Explain").exists())

    def test_the_review_offers_it_by_a_key(self) -> None:
        page = self.client.get(reverse("flashcards:review"))

        self.assertContains(page, self.url)
        self.assertContains(page, 'data-key="x"')


class ToldTests(TransactionTestCase):
    def test_the_prompt_quotes_what_the_conversation_is_about_in_every_answer(self) -> None:
        alice = User.objects.create_user("alice@example.org", PASSWORD)
        self.addCleanup(background.shutdown, 5.0)
        card = stored_card(alice, question="Capital of Peru?", answer="Lima")
        with mock.patch("chat.answers.generation.start", autospec=True):
            conversation = explain_card.explain(alice, card, now=NOW, zone=UTC, links=lambda _: [])
        answer = conversation.messages.get(position=1)

        building = prompts.build(owner_id=alice.id, answer=answer, now=NOW)
        prompt = background.submit(building, name="build").result(10)

        self.assertIn(prompts.SEED, prompt.system)
        self.assertIn("Answer: Lima", prompt.system)
