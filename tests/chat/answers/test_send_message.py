"""A question that is stored in one round trip, with what its answer is made with."""

from datetime import timedelta
from typing import Any

from django.test import override_settings
from django.utils import timezone

from accounts.models import ApiKey, Endpoint, User
from accounts.services import provider_for
from chat.answers import send_message
from chat.conversations import pin_and_archive
from chat.conversations.conversations import (
    HEARTBEAT_TIMEOUT,
    AnswerUnderway,
    End,
    add_after,
    append_message,
    ask,
    start_conversation,
)
from chat.models import Conversation, Message
from chat.recall import prompts
from memoryloop.llm.detect import clear_cache
from tests.base import TestCase

CONFIGURED = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_MODEL": "m"}


@override_settings(**CONFIGURED)
class SayingTests(TestCase):
    def setUp(self) -> None:
        self.first = start_conversation(self.alice, "What is a cell?")
        self.conversation = self.first.conversation
        self.reply = append_message(
            self.conversation, "The smallest unit of life.", role="assistant", provider="Claude"
        )

    def say(self, owner: User | None = None, **options: Any) -> send_message.Said:
        given = {"conversation_id": self.conversation.id, "after": None, "now": timezone.now()}
        return send_message.say(owner or self.alice, "And what else?", **{**given, **options})

    def test_it_takes_one_query(self) -> None:
        with self.assertNumQueries(1):
            said = self.say(after=self.reply.id)

        self.assertEqual(said.conversation, self.conversation)
        self.assertIsNotNone(said.ready)

    def test_the_rows_are_those_of_the_longer_way(self) -> None:
        other = start_conversation(self.alice, "What is a cell?").conversation
        before = append_message(other, "Life.", role="assistant", provider="Claude")
        now = timezone.now()
        ask(self.alice, "And what else?", conversation=other, now=now)
        said = self.say(now=now)

        mine, theirs = self.rows(self.conversation), self.rows(other)
        self.assertEqual(mine, theirs)
        question, answer = Message.objects.filter(conversation=other, position__gte=2)
        self.assertEqual((question.parent, answer.parent), (before, question))
        question, answer = Message.objects.filter(conversation=self.conversation, position__gte=2)
        self.assertEqual((question.parent, answer.parent), (self.reply, question))
        self.assertEqual((said.exchange.message, said.exchange.answer), (question, answer))
        for made, stored in ((said.exchange.message, question), (said.exchange.answer, answer)):
            for name in ("position", "parent_id", "created_at", "status", "version"):
                self.assertEqual(getattr(made, name), getattr(stored, name), name)
        self.conversation.refresh_from_db()
        self.assertEqual((self.conversation.leaf, self.conversation.updated_at), (answer, now))

    def rows(self, conversation: Conversation) -> list[dict[str, Any]]:
        own = {"id", "conversation_id", "parent_id"}
        found = Message.objects.filter(conversation=conversation, position__gte=2)
        return [
            {name: value for name, value in row.items() if name not in own}
            for row in found.order_by("position").values()
        ]

    def test_what_is_ready_is_what_is_read_else(self) -> None:
        said = self.say()

        assert said.ready is not None
        self.assertEqual(said.ready.before, prompts._before(self.alice.pk, said.exchange.answer))
        self.assertEqual(
            [message.content for message in said.ready.before.newest],
            ["And what else?", "The smallest unit of life.", "What is a cell?"],
        )
        self.assertEqual(repr(said.ready.provider), repr(provider_for(self.alice)))

    def test_what_the_learner_brought_answers(self) -> None:
        Endpoint.objects.create(
            owner=self.alice, base_url="http://127.0.0.1:9/v1", label="Mine", model="own"
        )
        # It cannot be read, so it is passed over.
        ApiKey.objects.create(owner=self.alice, provider="anthropic", ciphertext="?", hint="?")
        said = self.say()

        assert said.ready is not None
        assert said.ready.provider is not None
        self.assertEqual(said.ready.provider.label, provider_for(self.alice).label)
        self.assertEqual(said.ready.provider.label, "Mine")

    @override_settings(OPENAI_BASE_URL="", OPENAI_API_KEY="", OLLAMA_URL="http://127.0.0.1:9")
    def test_nothing_is_looked_for_meanwhile(self) -> None:
        clear_cache()
        said = self.say()

        assert said.ready is not None
        self.assertIsNone(said.ready.provider)

    def test_it_comes_out_of_the_archive(self) -> None:
        pin_and_archive.archive(self.conversation, now=timezone.now())
        self.say()

        self.conversation.refresh_from_db()
        self.assertIsNone(self.conversation.archived_at)

    def test_strangers_and_deleted_conversations_are_absent(self) -> None:
        with self.assertRaises(Conversation.DoesNotExist):
            self.say(self.bob)
        Conversation.objects.update(deleted_at=timezone.now())
        with self.assertRaises(Conversation.DoesNotExist):
            self.say()

        self.assertEqual(Message.objects.count(), 2)

    def test_one_answer_at_a_time(self) -> None:
        self.say()
        with self.assertRaises(AnswerUnderway):
            self.say()

        self.assertEqual(Message.objects.count(), 4)

    def test_a_writer_that_died_is_no_obstacle(self) -> None:
        dead = timezone.now() - HEARTBEAT_TIMEOUT - timedelta(seconds=1)
        first = self.say(now=dead).exchange.answer
        second = self.say()

        first.refresh_from_db()
        self.assertEqual(first.status, "interrupted")
        self.assertEqual(second.exchange.message.position, 4)

    def test_the_branch_that_was_shown_is_gone_on_with(self) -> None:
        end = End(self.conversation, None)
        edited = Message(role="user", content="What is a cell wall?")
        add_after(end, [edited], now=timezone.now(), version=2)
        said = self.say(after=self.reply.id)

        self.assertEqual(said.exchange.message.parent_id, self.reply.id)

    def test_a_conversation_without_a_leaf(self) -> None:
        Conversation.objects.update(leaf=None)
        said = self.say()

        self.assertEqual(said.exchange.message.position, 2)
