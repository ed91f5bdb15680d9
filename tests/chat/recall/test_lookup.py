"""What is told twice and what comes too late."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime
from unittest import mock
from uuid import UUID

from django.test import SimpleTestCase, TransactionTestCase
from django.urls import reverse

from accounts.models import User
from chat import tasks
from chat.conversations import versions
from chat.conversations.conversations import append_message, ask, start_conversation
from chat.models import AnswerContext, Message
from chat.recall import answer_context, lookup, prompts
from memoryloop.llm.base import Found
from memoryloop.server import background
from tests.base import PASSWORD
from tests.chat.asgi import StreamingTestCase
from tests.factories import NOW

IDS = tuple(f"00000000-0000-0000-0000-00000000000{n}" for n in range(10))


def card(number: int, *, asked: bool = False) -> Found:
    why = "fading: 71% likely to be recalled now"
    return Found("card", f"Card {number}?", "Lima", f"/{number}/", why, IDS[number], asked)


class WithoutToldTests(SimpleTestCase):
    def test_a_card_that_was_told_of_is_left_out_unless_it_is_asked_for(self) -> None:
        found = [card(1), card(2), card(3, asked=True), card(4, asked=True)]

        kept = lookup.without_told(found, {IDS[1], IDS[3]})

        self.assertEqual([item.id for item in kept], [IDS[2], IDS[3], IDS[4]])
        # It is not offered for practice again.
        self.assertEqual(kept[1].why, lookup.TOLD_BEFORE)
        self.assertEqual([item.why for item in kept[::2]], [card(1).why] * 2)

    def test_a_message_may_be_told_of_any_time(self) -> None:
        message = Found("message", "Andes", "Quito.", "/1/", "the same words", IDS[1])

        self.assertEqual(lookup.without_told([message], {IDS[1]}), [message])


class ToldTests(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", PASSWORD)
        self.addCleanup(background.shutdown, 5.0)
        self.found = [card(number) for number in range(8)]
        contributor = mock.Mock(side_effect=lambda **_: list(self.found))
        self.enterContext(mock.patch.object(lookup, "_contributors", [contributor]))
        self.conversation = start_conversation(self.alice, "Hi.").conversation

    def told(self, answer: Message) -> list[str]:
        """Return the cards that an answer is told of, once it is written."""
        building = prompts.build(owner_id=self.alice.pk, answer=answer, now=NOW)
        prompt = background.submit(building, name="build").result(10)
        answer_context.record(answer, prompt)
        Message.objects.filter(id=answer.id).update(status="complete", content="An answer.")
        return [item.title for item in prompt.found]

    def ask(self, text: str = "And?") -> Message:
        return ask(self.alice, text, conversation=self.conversation).answer

    def test_a_card_is_not_offered_again_in_the_next_six_answers(self) -> None:
        first = self.told(self.ask())
        self.assertEqual(first, [f"Card {number}?" for number in range(5)])
        self.assertEqual(self.told(self.ask()), ["Card 5?", "Card 6?", "Card 7?"])
        for _ in range(5):
            self.assertEqual(self.told(self.ask()), [])

        self.assertEqual(self.told(self.ask()), first)

    def test_what_another_branch_was_told_of_is_new(self) -> None:
        answer = self.ask()
        first = self.told(answer)
        assert answer.parent is not None

        edited = versions.edit_message(answer.parent, "And so?").answer

        self.assertEqual(self.told(edited), first)

    def test_an_answer_from_before_things_had_ids_is_no_trouble(self) -> None:
        answer = self.ask()
        self.told(answer)
        AnswerContext.objects.update(found=[{"kind": "card", "title": "Old"}])

        self.assertEqual(len(self.told(self.ask())), 5)


class LateTests(StreamingTestCase):
    """A contributor that is slower than an answer waits for it."""

    def setUp(self) -> None:
        super().setUp()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)
        self.read: list[str] = []
        self.enterContext(mock.patch.object(lookup, "_contributors", [self.find]))
        readers = {**lookup._readers, "card": self.read_again}
        self.enterContext(mock.patch.object(lookup, "_readers", readers))

    def find(self, *, owner_id: UUID, text: str, now: datetime, limit: int) -> list[Found]:
        if "slow" in text:
            self.go_on.wait(10)
            return [card(1), card(2), card(3), card(4)]
        return []

    def read_again(self, *, owner_id: UUID, ids: Sequence[str], now: datetime) -> list[Found]:
        self.read += ids
        # The second was deleted meanwhile.
        return [card(IDS.index(id_)) for id_ in ids if id_ != IDS[2]]

    def late(self, answer: Message) -> AnswerContext:
        """Return the context of an answer once what came too late is stored."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            context = AnswerContext.objects.get(answer=answer)
            if context.found_late:
                return context
            time.sleep(0.02)
        raise AssertionError("Nothing was stored.")

    def test_it_is_said_and_told_with_the_next_answer_as_it_is_then(self) -> None:
        answer = self.finished(self.ask("A slow question"))
        context = reverse("chat:context", args=[answer.id])
        self.assertContains(self.client.get(context), "If anything is found, it is used for the")
        self.go_on.set()
        stored = self.late(answer)

        self.assertEqual([item["id"] for item in stored.found_late], list(IDS[1:4]))
        self.assertEqual(stored.found, [])
        page = self.client.get(context)
        self.assertContains(page, "What was found too late is used for the next one")
        self.assertContains(page, "Card 1?")

        second = ask(self.alice, "And then?", conversation=answer.conversation).answer
        building = prompts.build(owner_id=self.alice.pk, answer=second, now=NOW)
        prompt = background.submit(building, name="build").result(10)
        self.assertEqual([item.title for item in prompt.found], ["Card 1?", "Card 3?"])
        self.assertEqual(self.read, list(IDS[1:4]))

    def test_a_message_that_is_deleted_meanwhile_is_not_told(self) -> None:
        kept = start_conversation(self.alice, "Quokkas smile.")
        deleted = start_conversation(self.alice, "Quokkas frown.")
        deleted.conversation.delete()
        bobs = start_conversation(self.bob, "Bob's quokkas.")

        again = lookup._readers["message"](
            owner_id=self.alice.pk, ids=[str(each.id) for each in (kept, deleted, bobs)], now=NOW
        )

        self.assertEqual([item.text for item in again], ["Quokkas smile."])

    def test_a_busy_process_waits_for_few(self) -> None:
        with mock.patch.object(lookup, "LATE_MOST", 0):
            answer = self.finished(self.ask("A slow question"))
        self.go_on.set()

        self.assertTrue(AnswerContext.objects.get(answer=answer).is_late)
        self.assertFalse(AnswerContext.objects.get(answer=answer).found_late)


class OwnMessagesTests(TransactionTestCase):
    def test_what_the_window_has_no_room_for_is_recalled_from_the_conversation_itself(self) -> None:
        alice = User.objects.create_user("alice@example.org", PASSWORD)
        self.addCleanup(background.shutdown, 5.0)
        first = start_conversation(alice, "Quokkas smile because of their teeth.")
        conversation = first.conversation
        for _ in range(14):
            append_message(conversation, "word " * 800)
        near = append_message(conversation, "Quokkas live on Rottnest Island.")
        tasks.embed_messages([str(first.id), str(near.id)])
        answer = ask(alice, "Why do quokkas smile?", conversation=conversation).answer

        building = prompts.build(owner_id=alice.pk, answer=answer, now=NOW)
        prompt = background.submit(building, name="build").result(10)

        self.assertGreater(prompt.left_out, 0)
        (item,) = prompt.found
        self.assertEqual(item.text, first.content)
        self.assertIn("earlier in this conversation", item.why)
