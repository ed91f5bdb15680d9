"""manage.py demo: a learner with something on every page."""

import io
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from django.core.management import CommandError, call_command
from django.test import SimpleTestCase, TransactionTestCase

from accounts.models import User
from chat.models import Conversation, Message
from chat.recall import answer_context
from flashcards import scheduling
from flashcards.cards.cards import count_cards
from flashcards.demo import content
from flashcards.demo.build import EMAIL
from flashcards.domain.card_sides import cloze_ordinals
from flashcards.domain.records import (
    ANSWER_MAX_CHARACTERS,
    Kind,
    Rating,
    ReviewLog,
    text_hash,
)
from flashcards.review.deck_tree import tree
from flashcards.review.due import due_queue
from flashcards.review.leeches import leeches_of
from flashcards.store import cards, review_logs

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def run(**options: Any) -> str:
    out = io.StringIO()
    with mock.patch(
        "flashcards.management.commands.demo.timezone.now", autospec=True, return_value=NOW
    ):
        call_command("demo", stdout=out, **options)
    return out.getvalue()


class DemoTests(TransactionTestCase):
    def test_it_makes_a_learner_with_a_believable_history(self) -> None:
        out = run(password="a demo password")
        user = User.objects.get(email=EMAIL)
        self.assertTrue(user.check_password("a demo password"))
        self.assertIn("a demo password", out)
        self.assertEqual(count_cards(owner_id=user.id), 300)
        self.assertGreaterEqual(Conversation.objects.filter(owner=user).count(), 5)

        logs = list(review_logs.for_owner(user))
        self.assertGreater(len(logs), 2_000)
        days = {log.reviewed_at.date() for log in logs}
        self.assertGreater(len(days), 60)
        self.assertLess(max(log.reviewed_at for log in logs), NOW)
        reviews = [log for log in logs if log.kind == "review"]
        recalled = sum(log.rating != Rating.AGAIN for log in reviews) / len(reviews)
        self.assertTrue(0.75 < recalled < 0.95, recalled)
        # Something to do today, some of it new.
        queue = due_queue(owner_id=user.id, now=NOW)
        self.assertGreater(queue.new, 3)
        self.assertGreater(queue.due, 10)

        # State = fold(log), and each source is where it says.
        by_card: dict[Any, list[ReviewLog]] = {}
        for log in logs:
            by_card.setdefault(log.flashcard_id, []).append(log)
        sourced = 0
        for card in cards.for_owner(user):
            self.assertEqual(scheduling.fold(card, by_card.get(card.id, [])), card)
            if card.message_id:
                text = Message.objects.get(id=card.message_id).content
                words = text[card.source_start : card.source_end]
                self.assertEqual(text_hash(words), card.source_hash)
                sourced += 1
        self.assertGreater(sourced, 40)
        # Every page has something: decks with cards, a leech, and what was sent for each answer.
        decks = tree(owner_id=user.id, now=NOW, zone=UTC)
        self.assertGreater(len(decks), 8)
        self.assertTrue(all(deck.total and not deck.problem for deck in decks))
        self.assertTrue(leeches_of(user.id))
        answers = Message.objects.filter(conversation__owner=user, role="assistant")
        prompts = [answer_context.sent(user, answer) for answer in answers]
        self.assertTrue(all(prompt and prompt.messages for prompt in prompts))
        self.assertTrue(any(prompt and prompt.cards and prompt.notes for prompt in prompts))

    def test_the_same_seed_makes_the_same_history_and_reset_starts_over(self) -> None:
        def history() -> list[Any]:
            user = User.objects.get(email=EMAIL)
            logs = review_logs.for_owner(user).order_by("reviewed_at", "sequence")
            return [(log.reviewed_at, log.rating, log.flashcard_id) for log in logs]

        run(seed=3)
        first = history()
        with self.assertRaisesMessage(CommandError, "--reset"):
            run(seed=3)
        run(seed=3, reset=True)
        self.assertEqual(history(), first)
        run(seed=4, reset=True)
        self.assertNotEqual(history(), first)
        self.assertEqual(User.objects.count(), 1)


class ContentTests(SimpleTestCase):
    def test_there_are_300_different_cards(self) -> None:
        cards = [card for cards in content.lists() for card in cards]
        cards += [
            card
            for talk in content.conversations()
            for message in talk.messages
            for card in message.cards
        ]
        self.assertEqual(len(cards), 300)
        self.assertEqual(len({card.question for card in cards}), 300)
        for card in cards:
            with self.subTest(card.question):
                self.assertLessEqual(len(card.answer), ANSWER_MAX_CHARACTERS)
                self.assertTrue(card.tags)
                if card.kind == Kind.CLOZE:
                    self.assertIn(1, cloze_ordinals(card.question))
                else:
                    self.assertTrue(card.answer)

    def test_every_source_is_in_its_message(self) -> None:
        for talk in content.conversations():
            for message in talk.messages:
                for card in message.cards:
                    with self.subTest(card.question):
                        self.assertTrue(card.source)
                        self.assertIn(card.source, message.content)

    def test_learner_and_tutor_take_turns(self) -> None:
        for talk in content.conversations():
            turns = [bool(message.provider) for message in talk.messages]
            self.assertEqual(turns, [False, True] * (len(turns) // 2), talk.title)
            self.assertLessEqual(len(talk.title), 50)
