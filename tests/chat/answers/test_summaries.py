"""Summaries: what no longer fits into the window, by branch, never in the way of an answer."""

import asyncio
import uuid
from unittest import mock

from django.test import SimpleTestCase, TransactionTestCase
from django.utils import timezone

from accounts.models import User
from chat.answers import generation, summaries
from chat.conversations import versions
from chat.conversations.conversations import append_message, ask, start_conversation
from chat.models import Message, Summary
from chat.recall import answer_context, history, prompts
from chat.recall.tokens import estimate_tokens
from memoryloop.llm.base import Overloaded
from memoryloop.llm.offline import OfflineProvider
from memoryloop.server import background
from tests.base import PASSWORD
from tests.factories import NOW

# About a thousand tokens.
LONG = "word " * 800


def model(summary: str = "They talk of cells.", *, window: int | None = None) -> mock.Mock:
    answered = mock.AsyncMock(return_value=summaries.SummaryDraft(summary=summary))
    known = mock.AsyncMock(return_value=window)
    made = mock.Mock(structured=answered, window=known, is_model=True, label="Claude")
    made.model = "claude-x"
    return made


class SummaryTestCase(TransactionTestCase):
    """The model is asked in the background, which sees what is committed."""

    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", PASSWORD)
        self.addCleanup(background.shutdown, 5.0)
        self.first = start_conversation(self.alice, f"What is a cell? {LONG}")
        self.conversation = self.first.conversation

    def talk(self, exchanges: int, *, text: str = LONG) -> Message:
        """Add answers and questions, and return the last answer."""
        for number in range(exchanges):
            last = append_message(
                self.conversation, f"answer{number} {text}", role="assistant", provider="Claude"
            )
            if number + 1 < exchanges:
                append_message(self.conversation, f"question{number} {text}")
        return last

    def keep_up(self, answer: Message, provider: mock.Mock) -> list[Summary]:
        background.submit(summaries.keep_up(answer, provider), name="summary").result(20)
        return list(Summary.objects.select_related("until").order_by("until__position"))

    def build(self, answer: Message) -> prompts.Prompt:
        building = prompts.build(owner_id=self.alice.pk, answer=answer, now=NOW)
        return background.submit(building, name="build").result(20)


class KeepUpTests(SummaryTestCase):
    def test_a_conversation_that_fits_has_none(self) -> None:
        provider = model()

        self.assertEqual(self.keep_up(self.talk(4), provider), [])
        provider.structured.assert_not_called()

    def test_what_will_not_fit_is_summarized_before_it_is_left_out(self) -> None:
        provider = model()

        (made,) = self.keep_up(self.talk(5), provider)

        # Ten messages of a thousand tokens: five of them are in half of the window.
        self.assertEqual((made.until.position, made.text), (3, "They talk of cells."))
        self.assertEqual((made.provider, made.model), ("Claude", "claude-x"))
        asked = provider.structured.call_args.kwargs
        self.assertIn("What is a cell?", asked["prompt"])
        self.assertNotIn("question1", asked["prompt"])
        self.assertEqual(asked["effort"], "low")
        # And again, with the notes so far, once as much was said.
        self.assertEqual(len(self.keep_up(self.talk(1), provider)), 1)
        _, newest = self.keep_up(self.talk(3), provider)
        self.assertGreater(newest.until.position, 3)
        asked = provider.structured.call_args.kwargs
        self.assertIn("<notes>\nThey talk of cells.\n</notes>", asked["prompt"])
        self.assertNotIn("What is a cell?", asked["prompt"])

    def test_a_small_window_is_summarized_for_sooner_and_shorter(self) -> None:
        answer = self.talk(3, text="word " * 250)

        made = self.keep_up(answer, model("Cells. " * 900, window=4_096))

        self.assertTrue(made)
        self.assertLess(len(made[-1].text), 2_000)

    def test_a_long_history_without_a_model_is_caught_up_with_in_steps(self) -> None:
        answer, provider = self.talk(30), model()

        first = self.keep_up(answer, provider)

        self.assertEqual(provider.structured.call_count, summaries.STEPS_MOST)
        for call in provider.structured.call_args_list:
            self.assertLess(len(call.kwargs["prompt"]), (summaries.READ_TOKENS + 1_000) * 4)
        self.assertGreater(len(self.keep_up(answer, provider)), len(first))

    def test_a_model_that_fails_leaves_everything_as_it_is(self) -> None:
        answer, provider = self.talk(6), model()
        provider.structured.side_effect = Overloaded("Busy.")

        self.assertEqual(self.keep_up(answer, provider), [])
        for nothing in ("", "  ", "\0"):
            self.assertEqual(self.keep_up(answer, model(nothing)), [])

    def test_a_conversation_that_is_erased_meanwhile_is_not_an_error(self) -> None:
        answer, provider = self.talk(6), model()

        def erase(**_: object) -> summaries.SummaryDraft:
            self.conversation.delete()
            return summaries.SummaryDraft(summary="Gone.")

        # In a thread of its own: the loop may not wait for the database.
        async def erasing(**given: object) -> summaries.SummaryDraft:
            return await background.run_in_database(erase, **given)

        provider.structured.side_effect = erasing
        self.assertEqual(self.keep_up(answer, provider), [])


class BranchTests(SummaryTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.last = self.talk(6)
        self.keep_up(self.last, model())
        self.until = Summary.objects.get().until

    def answer(self, **given: object) -> Message:
        return ask(self.alice, "And?", conversation=self.conversation, **given).answer  # type: ignore[arg-type] # per test

    def test_it_is_sent_in_the_place_of_what_does_not_fit(self) -> None:
        prompt = self.build(self.answer())

        self.assertIn(f"{prompts.SUMMARY}\n\nThey talk of cells.", prompt.system)
        self.assertGreater(prompt.left_out, 0)
        self.assertEqual(prompt.summarized, self.until.position + 1)
        self.assertGreater(prompt.tokens, estimate_tokens(prompt.summary))

    def test_a_branch_from_before_it_does_not_have_it_and_one_from_after_has(self) -> None:
        messages = {each.position: each for each in self.conversation.messages.all()}
        before = versions.edit_message(messages[self.until.position - 1], "Other words").answer
        self.assertIsNone(history.read_history(self.alice.pk, before).summary)
        Message.objects.filter(id=before.id).update(status="complete", content="Yes.")

        after = versions.edit_message(messages[self.until.position + 3], LONG).answer

        found = history.read_history(self.alice.pk, after).summary
        assert found is not None
        self.assertEqual(found.until_id, self.until.id)

    def test_a_copy_of_the_conversation_has_a_copy_of_it(self) -> None:
        Message.objects.update(status="complete")

        copy = versions.fork(self.last, owner=self.alice)

        found = Summary.objects.get(until__conversation=copy)
        self.assertEqual(found.until.position, self.until.position)
        self.assertEqual(found.text, "They talk of cells.")
        early = versions.fork(self.first, owner=self.alice)
        self.assertFalse(Summary.objects.filter(until__conversation=early).exists())

    def test_it_goes_with_its_conversation(self) -> None:
        self.conversation.delete()

        self.assertFalse(Summary.objects.exists())

    def test_the_panel_shows_what_was_sent_and_says_why_there_is_none(self) -> None:
        self.client.force_login(self.alice)
        answer = self.answer()
        url = f"/chat/messages/{answer.id}/context/"
        prompt = self.build(answer)
        answer_context.record(answer, prompt)
        page = self.client.get(url)
        self.assertContains(page, "They talk of cells.")
        self.assertContains(page, f"first {self.until.position + 1} messages")

        Summary.objects.all().delete()
        answer_context.record(answer, self.build(answer))
        self.assertContains(self.client.get(url), "the model had written none yet")
        Message.objects.filter(id=answer.id).update(provider="Offline")
        self.assertContains(self.client.get(url), "a model writes it, and none is connected")


class WhenTests(SimpleTestCase):
    def test_only_a_model_is_asked_and_not_about_the_first_exchange(self) -> None:
        first, later = (Message(position=position, role="assistant") for position in (1, 3))
        with mock.patch.object(background, "submit", autospec=True) as submit:
            summaries.keep_up_in_background(first, uuid.uuid4(), model())
            summaries.keep_up_in_background(later, uuid.uuid4(), OfflineProvider())
            summaries.keep_up_in_background(later, uuid.uuid4(), None)
            submit.assert_not_called()
            summaries.keep_up_in_background(later, uuid.uuid4(), model())
            submit.assert_called_once()
            submit.call_args.args[0].close()

    def test_it_gives_way_to_a_question_of_the_same_learner(self) -> None:
        self.addCleanup(background.shutdown, 5.0)
        owner = User(id=uuid.uuid4())
        answer = Message(id=uuid.uuid4(), position=3, role="assistant", created_at=timezone.now())
        provider = model()
        provider.window.side_effect = asyncio.Event().wait
        summaries.keep_up_in_background(answer, owner.pk, provider)
        running = summaries._running[owner.pk]

        with mock.patch.object(generation, "_run", autospec=True):
            summaries.give_way(uuid.uuid4())
            self.assertFalse(running.cancelled())
            generation.start(answer, owner)
        self.addCleanup(generation._live.clear)

        self.assertTrue(running.cancelled())
        self.assertEqual(summaries._running, {})
