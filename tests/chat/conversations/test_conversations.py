"""Conversations and messages."""

from datetime import UTC, datetime, timedelta

from django.test import SimpleTestCase
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from chat.conversations.conversations import (
    AnswerUnderway,
    append_message,
    ask,
    conversations_for_owner,
    delete_conversation,
    get_message,
    messages_for_owner,
    start_conversation,
    title_from,
)
from chat.models import Conversation, Message
from tests.base import TestCase

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TitleTests(SimpleTestCase):
    def test_a_title_is_the_first_words(self) -> None:
        for content, title in (
            ("What is a cell?", "What is a cell?"),
            ("\n\n  # Cells\nMore", "Cells"),
            ("**Bold** move", "Bold move"),
            ("***\n---", "Conversation"),
            ("a" * 80, "a" * 49 + "…"),
            (
                "Explain to me how the cells of a plant make sugar from light",
                "Explain to me how the cells of a plant make sugar…",
            ),
        ):
            with self.subTest(content):
                self.assertEqual(title_from(content), title)

    @given(st.text(max_size=300))
    def test_any_text_gives_a_title_that_fits(self, content: str) -> None:
        title = title_from(content)

        self.assertTrue(title.strip())
        self.assertLessEqual(len(title), 50)


class ExchangeTests(TestCase):
    def test_positions_count_up(self) -> None:
        first = start_conversation(self.alice, "One", now=NOW)
        append_message(first.conversation, "Two", role="assistant", provider="Claude")
        exchange = ask(self.alice, "Three", conversation=first.conversation)

        positions = list(first.conversation.messages.values_list("position", "status"))
        self.assertEqual(
            positions, [(0, "complete"), (1, "complete"), (2, "complete"), (3, "streaming")]
        )
        self.assertEqual(exchange.answer.role, "assistant")

    def test_speaking_moves_a_conversation_up(self) -> None:
        old = start_conversation(self.alice, "Old", now=NOW)
        new = start_conversation(self.alice, "New", now=NOW + timedelta(hours=1))
        append_message(old.conversation, "More", now=NOW + timedelta(hours=2))

        recent = list(conversations_for_owner(self.alice))
        self.assertEqual(recent, [old.conversation, new.conversation])

    def test_nothing_is_added_while_an_answer_is_written(self) -> None:
        exchange = ask(self.alice, "One")

        with self.assertRaises(AnswerUnderway):
            ask(self.alice, "Two", conversation=exchange.message.conversation)

    def test_a_writer_that_died_holds_nobody_up(self) -> None:
        exchange = ask(self.alice, "One", now=timezone.now() - timedelta(seconds=16))

        ask(self.alice, "Two", conversation=exchange.message.conversation)

        exchange.answer.refresh_from_db()
        self.assertEqual(exchange.answer.status, "interrupted")

    def test_deleting_stops_what_is_being_written(self) -> None:
        exchange = ask(self.alice, "One")

        delete_conversation(exchange.message.conversation)

        exchange.answer.refresh_from_db()
        self.assertEqual(exchange.answer.status, "stopped")
        self.assertFalse(messages_for_owner(self.alice).exists())

    def test_a_message_of_somebody_else_does_not_exist(self) -> None:
        message = start_conversation(self.alice, "Mine")

        self.assertEqual(get_message(self.alice, message.id), message)
        with self.assertRaises(Message.DoesNotExist):
            get_message(self.bob, message.id)

    def test_deleting_a_learner_deletes_what_they_said(self) -> None:
        start_conversation(self.bob, "Mine")

        self.bob.delete()

        self.assertFalse(Conversation.objects.exists())
