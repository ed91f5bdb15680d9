"""What is looked up while it is typed: used by who sends it, and by nobody else."""

import threading
from datetime import UTC, datetime
from unittest import mock
from uuid import UUID, uuid4

from django.test import TestCase
from django.urls import reverse

from accounts.models import User
from chat import tasks
from chat.conversations.conversations import start_conversation
from chat.models import Message
from chat.recall import answer_context, lookup, prefetch
from memoryloop import embeddings
from memoryloop.llm.base import Found
from tests.base import PASSWORD
from tests.chat.asgi import StreamingTestCase

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = "Why do quokkas smile?"


class Contributor:
    """A part of the program that takes until it is told, and may fail."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        self.asked: list[str] = []
        self.fails = False

    def __call__(self, *, owner_id: UUID, text: str, now: datetime, limit: int) -> list[Found]:
        self.asked.append(text)
        self.go_on.wait(10)
        if self.fails:
            raise OSError("No disk.")
        return []


class PrefetchTests(TestCase):
    def setUp(self) -> None:
        prefetch.clear_cache()
        self.addCleanup(prefetch.clear_cache)
        self.contributor = Contributor()
        self.addCleanup(self.contributor.go_on.set)
        self.enterContext(mock.patch.object(lookup, "_contributors", [self.contributor]))
        self.owner = uuid4()

    def start(self, text: str = TEXT, **given: UUID) -> bool:
        return prefetch.start(**{"owner_id": self.owner, **given}, text=text, now=NOW)

    def take(self, text: str = TEXT, **given: UUID) -> lookup.Lookup:
        taken = prefetch.take(**{"owner_id": self.owner, **given}, text=text, now=NOW)
        assert taken is not None
        return taken

    def done(self, started: lookup.Lookup) -> None:
        for part in started.parts:
            part.exception(10)

    def test_what_was_typed_and_is_sent_is_looked_for_once(self) -> None:
        self.assertTrue(self.start())
        self.assertTrue(self.start())
        self.done(self.take())
        self.assertEqual(self.contributor.asked, [TEXT])
        # It is used up.
        self.done(self.take())
        self.assertEqual(self.contributor.asked, [TEXT, TEXT])

    def test_space_around_it_makes_no_difference(self) -> None:
        self.start()
        self.done(self.take(f"{TEXT}\n"))
        self.assertEqual(self.contributor.asked, [TEXT])

    def test_other_words_conversations_and_learners_are_looked_up_anew(self) -> None:
        for text, given in (
            (f"{TEXT} And why?", {}),
            (TEXT, {"conversation_id": uuid4()}),
            (TEXT, {"owner_id": uuid4()}),
        ):
            with self.subTest(text=text, **given):
                prefetch.clear_cache()
                self.contributor.asked.clear()
                self.assertTrue(self.start())
                self.done(self.take(text, **given))
                self.assertEqual(self.contributor.asked, [TEXT, text])

    def test_what_has_failed_or_is_old_is_looked_up_anew(self) -> None:
        self.contributor.fails = True
        self.start()
        self.done(prefetch._kept[self.owner].lookup)
        self.done(self.take())
        self.assertEqual(len(self.contributor.asked), 2)

        self.contributor.fails = False
        self.start()
        with mock.patch.object(prefetch, "KEPT_SECONDS", 0.0):
            self.done(self.take())
        self.assertEqual(len(self.contributor.asked), 4)

    def test_one_is_looked_up_at_a_time_and_not_all_are_kept(self) -> None:
        self.contributor.go_on.clear()
        self.assertTrue(self.start())
        self.assertFalse(self.start(owner_id=uuid4()))
        self.contributor.go_on.set()
        self.done(prefetch._kept[self.owner].lookup)

        with mock.patch.object(prefetch, "MAX_KEPT", 2):
            for _ in range(4):
                other = uuid4()
                self.assertTrue(self.start(owner_id=other))
                self.done(prefetch._kept[other].lookup)
        self.assertEqual(len(prefetch._kept), 2)

    def test_nothing_is_looked_for_where_there_are_no_words(self) -> None:
        self.assertFalse(self.start("  "))
        self.assertIsNone(prefetch.take(owner_id=self.owner, text=" ", now=NOW))


class TypedViewTests(TestCase):
    def setUp(self) -> None:
        prefetch.clear_cache()
        self.addCleanup(prefetch.clear_cache)
        self.address = reverse("chat:prefetch")
        self.alice = User.objects.create_user("alice@example.org", PASSWORD)

    def test_a_text_is_neither_stored_nor_spoken_about(self) -> None:
        self.client.force_login(self.alice)
        for fields in (
            {"content": TEXT},
            {"content": TEXT, "conversation": str(uuid4())},
            {"content": ""},
            {"content": "a" * 60_000},
            {"content": TEXT, "conversation": "nonsense"},
            {},
        ):
            with self.subTest(fields=str(fields)[:80]):
                response = self.client.post(self.address, fields)
                self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertEqual(Message.objects.count(), 0)

    def test_only_who_is_logged_in_may_and_only_by_post(self) -> None:
        self.assertEqual(self.client.post(self.address, {"content": TEXT}).status_code, 302)
        self.assertFalse(prefetch._kept)
        self.client.force_login(self.alice)
        self.assertEqual(self.client.get(self.address).status_code, 405)


class AnswerTests(StreamingTestCase):
    def setUp(self) -> None:
        super().setUp()
        prefetch.clear_cache()

    def test_a_question_that_was_typed_is_answered_with_what_was_found_meanwhile(self) -> None:
        said = start_conversation(self.alice, "Quokkas smile because of their teeth.")
        bobs = start_conversation(self.bob, "Quokkas smile at Bob alone.")
        tasks.embed_messages([str(said.id), str(bobs.id)])
        self.client.post(reverse("chat:prefetch"), {"content": TEXT})
        started = prefetch._kept[self.alice.pk].lookup
        for part in started.parts:
            part.result(10)

        self.claude.reply("They do not know that they do.")
        with mock.patch.object(
            embeddings.get_embedder(), "embed", side_effect=AssertionError("embedded again")
        ):
            answer = self.finished(self.ask(TEXT))

        self.assertEqual(answer.content, "They do not know that they do.")
        told = answer_context.sent(self.alice, answer)
        assert told is not None
        self.assertIn("because of their teeth", told.system)
        self.assertNotIn("Bob alone", told.system)
