"""Sending a message: what is stored, and where it is added."""

from datetime import timedelta
from typing import Any
from unittest import mock

from django.utils import timezone

from chat.answers import generation
from chat.answers.send_message import send_message
from chat.conversations import pin_and_archive
from chat.conversations.conversations import (
    HEARTBEAT_TIMEOUT,
    AnswerUnderway,
    BranchEnd,
    Exchange,
    add_messages,
    append_message,
    ask,
    start_conversation,
)
from chat.models import Conversation, Message
from chat.recall import prefetch
from chat.recall.history import History, read_history
from tests.base import TestCase


class SendMessageTests(TestCase):
    def setUp(self) -> None:
        self.first = start_conversation(self.alice, "What is a cell?")
        self.conversation = self.first.conversation
        self.reply = append_message(
            self.conversation, "The smallest unit of life.", role="assistant", provider="Claude"
        )
        # What is looked up is looked up in other threads, which see nothing of this transaction.
        self.enterContext(mock.patch("chat.recall.lookup.start", return_value=None, autospec=True))

    def send(self, **options: Any) -> Exchange:
        given = {"conversation": self.conversation, **options}
        return send_message(self.alice, "And what else?", **given)

    def test_it_takes_few_queries(self) -> None:
        # Savepoint, lock with the leaf's id, the leaf and whatever is being written, both messages,
        # the conversation, release.
        with self.assertNumQueries(6):
            self.send(after=self.reply.id)

    def test_the_rows_and_what_is_returned_are_the_same(self) -> None:
        exchange = self.send()

        question, answer = Message.objects.filter(conversation=self.conversation, position__gte=2)
        self.assertEqual((question.parent, answer.parent), (self.reply, question))
        self.assertEqual((question.content, answer.content), ("And what else?", ""))
        self.assertEqual((question.status, answer.status), ("complete", "streaming"))
        self.assertEqual((question.role, answer.role), ("user", "assistant"))
        self.assertEqual((exchange.message, exchange.answer), (question, answer))
        for made, stored in ((exchange.message, question), (exchange.answer, answer)):
            for name in ("position", "parent_id", "created_at", "status", "version"):
                self.assertEqual(getattr(made, name), getattr(stored, name), name)
        self.conversation.refresh_from_db()
        self.assertEqual(self.conversation.leaf, answer)
        self.assertEqual(self.conversation.updated_at, answer.created_at)

    def test_the_answer_is_written_once_it_is_stored_with_what_was_looked_up(self) -> None:
        with (
            mock.patch.object(prefetch, "take", autospec=True) as take,
            mock.patch.object(generation, "start", autospec=True) as start,
            self.captureOnCommitCallbacks(execute=True),
        ):
            exchange = self.send()
            start.assert_not_called()

        self.assertEqual(take.call_args.kwargs["conversation_id"], self.conversation.id)
        start.assert_called_once_with(
            exchange.answer, self.alice, instead_of="", lookup=take.return_value
        )

    def test_the_history_is_what_was_said_before(self) -> None:
        exchange = self.send()

        history = read_history(self.alice.pk, exchange.answer)

        self.assertEqual(
            [message.content for message in history.newest],
            ["And what else?", "The smallest unit of life.", "What is a cell?"],
        )
        self.assertEqual((history.earlier, history.other_branches, history.about), (0, [], ""))

    def test_the_history_ends_where_the_window_is_full(self) -> None:
        for number in range(4):
            append_message(self.conversation, f"{number}" + "é" * 12_000)
        answer = ask(self.alice, "And?", conversation=self.conversation).answer

        history = read_history(self.alice.pk, answer)

        # 12,000 tokens are 48,000 bytes: the message that goes beyond them is the last one read.
        self.assertEqual([each.content[0] for each in history.newest], ["A", "3", "2"])
        self.assertEqual(history.earlier, 4)

    def test_a_strangers_conversation_has_no_history(self) -> None:
        history = read_history(self.bob.pk, self.send().answer)

        self.assertEqual(history, History([], 0, [], ""))

    def test_a_new_conversation_is_named_after_the_message(self) -> None:
        exchange = self.send(conversation=None)

        self.assertNotEqual(exchange.message.conversation, self.conversation)
        self.assertEqual(exchange.message.conversation.title, "And what else?")

    def test_it_comes_out_of_the_archive(self) -> None:
        pin_and_archive.archive(self.conversation, now=timezone.now())
        self.send()

        self.conversation.refresh_from_db()
        self.assertIsNone(self.conversation.archived_at)

    def test_strangers_and_deleted_conversations_are_absent(self) -> None:
        url = f"/chat/{self.conversation.id}/send/"
        self.log_in(self.bob)
        self.assertEqual(self.client.post(url, {"content": "Hi"}).status_code, 404)
        self.log_in()
        Conversation.objects.update(deleted_at=timezone.now())
        self.assertEqual(self.client.post(url, {"content": "Hi"}).status_code, 404)

        self.assertEqual(Message.objects.count(), 2)

    def test_a_conversation_that_is_purged_meanwhile_is_absent(self) -> None:
        Conversation.objects.filter(id=self.conversation.id).delete()
        with self.assertRaises(Conversation.DoesNotExist):
            self.send()

    def test_one_answer_at_a_time(self) -> None:
        self.send()
        with self.assertRaises(AnswerUnderway):
            self.send()

        self.assertEqual(Message.objects.count(), 4)

    def test_a_writer_that_died_is_no_obstacle(self) -> None:
        dead = timezone.now() - HEARTBEAT_TIMEOUT - timedelta(seconds=1)
        first = ask(self.alice, "And?", conversation=self.conversation, now=dead).answer
        second = self.send()

        first.refresh_from_db()
        self.assertEqual(first.status, "interrupted")
        self.assertEqual(second.message.position, 4)

    def test_the_branch_that_was_shown_is_gone_on_with(self) -> None:
        edited = Message(role="user", content="What is a cell wall?")
        end = BranchEnd(self.conversation, None)
        add_messages(end, [edited], now=timezone.now(), version=2)
        exchange = self.send(after=self.reply.id)

        self.assertEqual(exchange.message.parent_id, self.reply.id)

    def test_a_conversation_without_a_leaf(self) -> None:
        Conversation.objects.update(leaf=None)
        exchange = self.send()

        self.assertEqual(exchange.message.position, 2)
