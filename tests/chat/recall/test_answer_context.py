"""What an answer was told: kept with it, shown to its owner word for word."""

import uuid
from unittest import mock

from django.test import TransactionTestCase
from django.urls import reverse

from accounts.models import User
from chat.conversations.conversations import ask, start_conversation
from chat.models import AnswerContext, Instructions, Message
from chat.recall import answer_context, prompts
from chat.recall.tokens import cut_to_tokens, estimate_tokens
from memoryloop.llm.base import ChatMessage, Found
from memoryloop.server import background
from tests.base import PASSWORD, TestCase
from tests.factories import NOW

CARD = Found("card", "Capital of Peru?", "Lima", "/cards/1/", "fading: 71% likely")
NOTE = Found("message", "Andes", "Quito is in Ecuador.", "/chat/messages/1/", "close in meaning")
HTMX = {"HX-Request": "true"}


class ContextTestCase(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.exchange = ask(self.alice, "Tell me about <Peru>")
        self.answer = self.exchange.answer
        Message.objects.filter(id=self.answer.id).update(
            status="complete", content="It has llamas.", provider="Claude", model="claude-x"
        )
        self.url = reverse("chat:context", args=[self.answer.id])

    def prompt(self, *found: Found, **more: object) -> prompts.Prompt:
        return prompts.Prompt(
            quoted=prompts.quoted(found),
            messages=(ChatMessage("user", "Tell me about <Peru>"),),
            found=found,
            window=(self.exchange.message.id,),
            **more,  # type: ignore[arg-type] # per test
        )


class RecordTests(ContextTestCase):
    def test_what_is_shown_is_what_was_sent(self) -> None:
        prompt = self.prompt(CARD, NOTE, left_out=3)

        answer_context.record(self.answer, prompt)

        sent = answer_context.sent(self.alice, self.answer)
        assert sent is not None
        self.assertEqual(sent.system, prompt.system)
        self.assertEqual([item["title"] for item in sent.cards], ["Capital of Peru?"])
        self.assertEqual([item["why"] for item in sent.notes], ["close in meaning"])
        self.assertEqual([message.id for message, _ in sent.messages], list(prompt.window))
        self.assertEqual(sent.context.tokens, prompt.tokens)
        self.assertEqual(sent.context.left_out, 3)

    def test_another_attempt_takes_the_place_of_the_first(self) -> None:
        answer_context.record(self.answer, self.prompt(CARD))
        answer_context.record(self.answer, self.prompt(NOTE))

        context = AnswerContext.objects.get()
        self.assertEqual([item["kind"] for item in context.found], ["message"])
        self.assertEqual(Instructions.objects.count(), 1)

    def test_the_instructions_of_then_are_kept_when_they_change(self) -> None:
        answer_context.record(self.answer, self.prompt(instructions="Be brief."))
        answer_context.record(ask(self.alice, "Hi").answer, self.prompt())

        sent = answer_context.sent(self.alice, self.answer)
        assert sent is not None
        self.assertEqual(sent.system, "Be brief.")

    def test_it_costs_two_statements_and_nothing_without_a_prompt(self) -> None:
        # The instructions, and what was told.
        with self.assertNumQueries(2):
            answer_context.record(self.answer, self.prompt(CARD))
        with self.assertNumQueries(0):
            answer_context.record(self.answer, None)

    def test_it_goes_with_its_conversation(self) -> None:
        answer_context.record(self.answer, self.prompt(CARD))

        self.answer.conversation.delete()

        self.assertFalse(AnswerContext.objects.exists())


class PageTests(ContextTestCase):
    def test_the_page_says_what_was_recalled_and_why(self) -> None:
        answer_context.record(self.answer, self.prompt(CARD, NOTE, left_out=3))

        page = self.client.get(self.url)

        self.assertContains(page, "<html")
        for words in (
            "Capital of Peru?", "fading: 71% likely", "Quito is in Ecuador.", "close in meaning",
            "Tell me about &lt;Peru&gt;", "3 earlier ones did not fit", "Claude · claude-x",
            "You are the tutor in MemoryLoop",
        ):  # fmt: skip
            self.assertContains(page, words)

    def test_htmx_gets_the_panel_alone(self) -> None:
        answer_context.record(self.answer, self.prompt(CARD))

        page = self.client.get(self.url, headers=HTMX)

        self.assertContains(page, "Capital of Peru?")
        self.assertNotContains(page, "<html")

    def test_an_answer_without_one_says_so(self) -> None:
        self.assertContains(self.client.get(self.url), "No prompt is stored")

    def test_the_answer_has_a_button_that_leads_there(self) -> None:
        page = self.client.get(self.answer.conversation.get_absolute_url())

        self.assertContains(page, f'href="{self.url}"')

    def test_messages_that_are_gone_are_counted(self) -> None:
        answer_context.record(self.answer, self.prompt())
        AnswerContext.objects.update(window=[str(uuid.uuid4())])

        self.assertContains(self.client.get(self.url), "1 deleted since")

    def test_a_stranger_finds_nothing(self) -> None:
        answer_context.record(self.answer, self.prompt(CARD))
        self.assertIsNone(answer_context.sent(self.bob, self.answer))
        self.client.force_login(self.bob)
        self.assertEqual(self.client.get(self.url).status_code, 404)
        self.client.force_login(self.charlie)
        self.assertEqual(self.client.get(self.url).status_code, 404)

    def test_a_strangers_message_in_the_window_is_never_shown(self) -> None:
        bobs = start_conversation(self.bob, "Bob's secret")
        answer_context.record(self.answer, self.prompt())
        AnswerContext.objects.update(window=[str(bobs.id)])

        self.assertNotContains(self.client.get(self.url), "secret")

    def test_only_reading_and_only_of_an_answer_and_only_logged_in(self) -> None:
        self.assertEqual(self.client.post(self.url).status_code, 405)
        question = reverse("chat:context", args=[self.exchange.message.id])
        self.assertEqual(self.client.get(question).status_code, 404)
        self.client.logout()
        self.assertEqual(self.client.get(self.url).status_code, 302)


class TokensTests(TestCase):
    def test_a_text_is_cut_at_a_word_to_fit(self) -> None:
        for text in ("word " * 500, "слово " * 500, "x" * 3_000, "😀" * 900):
            cut = cut_to_tokens(text, 100)
            self.assertLessEqual(estimate_tokens(cut), 100)
            self.assertTrue(cut.endswith("…"))
        self.assertEqual(cut_to_tokens("short", 100), "short")


class WholeTests(TransactionTestCase):
    """A prompt as it is built for a real answer, from the first word to the page."""

    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", PASSWORD)
        self.addCleanup(background.shutdown, 5.0)

    def test_the_built_prompt_is_what_the_panel_shows(self) -> None:
        first = ask(self.alice, "What is a cell?")
        Message.objects.filter(id=first.answer.id).update(status="complete", content="Life.")
        second = ask(self.alice, "Go on", conversation=first.message.conversation)
        with mock.patch("chat.recall.lookup._contributors", [mock.Mock(return_value=[CARD])]):
            building = prompts.build(owner_id=self.alice.id, answer=second.answer, now=NOW)
            prompt = background.submit(building, name="build").result(10)

        answer_context.record(second.answer, prompt)

        sent = answer_context.sent(self.alice, second.answer)
        assert sent is not None
        self.assertEqual(
            [message.content for message, _ in sent.messages],
            ["What is a cell?", "Life.", "Go on"],
        )
        self.assertIn("- Card (fading: 71% likely): Capital of Peru? — Lima", sent.system)
        self.assertEqual(sent.context.left_out, 0)
