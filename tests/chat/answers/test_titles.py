"""Titles: at once from the first message, better from a model, and never over the learner's own."""

from datetime import timedelta
from unittest import mock

from django.test import TransactionTestCase
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from chat.answers import titles
from chat.conversations.conversations import (
    ask,
    rename_conversation,
    start_conversation,
    title_from,
)
from chat.models import Conversation, Message
from memoryloop.llm.base import Overloaded
from memoryloop.llm.offline import OfflineProvider
from memoryloop.server import background
from tests.base import PASSWORD, TestCase

LONG = "I have an exam on Friday and understand nothing of how mitochondria make energy for a cell"


class StoreTests(TestCase):
    def setUp(self) -> None:
        self.conversation = start_conversation(self.alice, LONG).conversation

    def titled(self, title: str) -> str:
        titles.store(self.conversation.id, title)
        self.conversation.refresh_from_db()
        return self.conversation.title

    def test_a_models_title_is_cleaned_and_cut(self) -> None:
        self.assertEqual(self.titled(' "**Mitochondria** and energy." '), "Mitochondria and energy")
        self.assertEqual(self.conversation.title_by, "model")

    def test_a_long_one_is_cut_to_fifty_characters(self) -> None:
        self.assertLessEqual(len(self.titled("energy " * 30)), 50)

    def test_an_empty_one_changes_nothing(self) -> None:
        before = self.conversation.title
        for nothing in ("", "  ", '""', "**"):
            self.assertEqual(self.titled(nothing), before)

    def test_a_learners_own_title_stays(self) -> None:
        rename_conversation(self.conversation, "For Friday")

        self.assertEqual(self.titled("Mitochondria"), "For Friday")

    def test_a_second_models_title_does_not_replace_the_first(self) -> None:
        self.titled("Mitochondria")

        self.assertEqual(self.titled("Something else"), "Mitochondria")

    def test_a_first_message_that_fits_is_title_enough(self) -> None:
        for content, enough in (
            ("What is a cell?", True),
            (LONG, False),
            ("Hi", False),
            ("Two lines\nof text here", False),
        ):
            self.assertEqual(titles.says_enough(content, title_from(content)), enough, content)


class ImproveTests(TransactionTestCase):
    """The title is asked for in the background, which sees what is committed."""

    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", PASSWORD)
        self.addCleanup(background.shutdown, 5.0)
        self.conversation = self.begin(LONG)

    def begin(self, content: str) -> Conversation:
        exchange = ask(self.alice, content)
        Message.objects.filter(id=exchange.answer.id).update(content="By ATP.", status="complete")
        return exchange.message.conversation

    def improve(self, structured: mock.AsyncMock) -> str:
        provider = mock.Mock(structured=structured)
        improving = titles.improve(self.conversation.id, provider)
        background.submit(improving, name="title").result(10)
        self.conversation.refresh_from_db()
        return self.conversation.title

    def test_the_model_reads_the_first_exchange_and_names_it(self) -> None:
        asked = mock.AsyncMock(return_value=titles.TitleDraft(title="How mitochondria make ATP"))

        self.assertEqual(self.improve(asked), "How mitochondria make ATP")
        self.assertIn("exam on Friday", asked.call_args.kwargs["prompt"])
        self.assertIn("By ATP.", asked.call_args.kwargs["prompt"])

    def test_a_model_that_fails_leaves_the_first_words(self) -> None:
        before = self.conversation.title

        self.assertEqual(self.improve(mock.AsyncMock(side_effect=Overloaded("Busy."))), before)

    def test_nobody_is_asked_where_it_is_not_wanted(self) -> None:
        asked = mock.AsyncMock()
        rename_conversation(self.conversation, "Mine")
        self.improve(asked)
        self.conversation = self.begin("What is a cell?")
        self.improve(asked)
        self.conversation.delete()
        background.submit(
            titles.improve(self.conversation.id, mock.Mock(structured=asked)), name="title"
        ).result(10)

        asked.assert_not_called()

    def test_only_a_models_first_answer_asks(self) -> None:
        first = self.conversation.messages.get(position=1)
        later = Message(conversation=self.conversation, position=3, role="assistant")
        with mock.patch.object(background, "submit", autospec=True) as submit:
            titles.improve_in_background(later, mock.Mock(is_model=True))
            titles.improve_in_background(first, OfflineProvider())
            titles.improve_in_background(first, None)
            submit.assert_not_called()
            titles.improve_in_background(first, mock.Mock(is_model=True))
            submit.assert_called_once()
            submit.call_args.args[0].close()


class AwaitingTests(TestCase):
    def test_a_new_page_asks_a_few_times_whether_there_is_a_better_title(self) -> None:
        self.log_in()
        conversation = start_conversation(self.alice, LONG).conversation
        url = reverse("chat:title", args=[conversation.id])
        self.assertContains(self.client.get(conversation.get_absolute_url()), "load delay:4s")

        first = self.client.get(f"{url}?again=0", headers={"HX-Request": "true"})
        last = self.client.get(f"{url}?again=4", headers={"HX-Request": "true"})
        titles.store(conversation.id, "Mitochondria")
        named = self.client.get(f"{url}?again=0", headers={"HX-Request": "true"})

        self.assertContains(first, "?again=1")
        self.assertNotContains(last, "load delay")
        self.assertNotContains(named, "load delay")
        self.assertContains(named, "<h1>Mitochondria</h1>")
        self.assertContains(named, f'id="side-{conversation.id}"')
        self.assertRedirects(self.client.get(url), conversation.get_absolute_url())

    def test_an_old_one_does_not(self) -> None:
        conversation = start_conversation(self.alice, LONG).conversation
        conversation.created_at = timezone.now() - timedelta(minutes=5)

        self.assertFalse(conversation.awaits_title)
