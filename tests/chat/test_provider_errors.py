"""What goes wrong at a provider, as the learner meets it in the chat; and hostile answers."""

from unittest import mock

from django.test import override_settings

from chat.models import Message
from memoryloop.llm import limits
from memoryloop.llm.detect import forget
from tests.chat.asgi import Event, StreamingTestCase, shown
from tests.markdown.test_hostile_text import active
from tests.servers.compatible import OpenAIServer

SENTENCES = {
    400: "did not accept the request",
    401: "refused the API key",
    403: "does not allow it",
    404: "no model named",
    413: "Send a shorter message",
    429: "Try again in a minute",
    500: "an error of its own",
    529: "overloaded",
}


class CompatibleTests(StreamingTestCase):
    """Alice has a key for Claude; Bob is answered by the server's own model."""

    def setUp(self) -> None:
        super().setUp()
        self.model = self.enterContext(OpenAIServer())
        settings = {"OPENAI_BASE_URL": self.model.url, "OPENAI_MODEL": "local-model"}
        self.enterContext(override_settings(**settings))
        forget()
        self.client.force_login(self.bob)

    def ended(self) -> tuple[Message, Event]:
        """Ask, and return the answer's row and the last event of its stream."""
        events = self.all_events(answer := self.ask())
        return self.finished(answer), events[-1]

    def test_each_error_has_its_sentence_and_keeps_the_message(self) -> None:
        for status, words in SENTENCES.items():
            with self.subTest(status):
                self.model.default(status=status)
                answer, last = self.ended()

                self.assertEqual(last.name, "failed")
                self.assertIn(words, last.data["html"])
                self.assertIn("Retry", last.data["html"])
                page = self.client.get(answer.conversation.get_absolute_url())
                self.assertContains(page, "What is a cell?")
                self.assertContains(page, words)

    def test_one_byte_at_a_time_and_unknown_events_are_an_answer_like_any_other(self) -> None:
        self.model.reply("Größe: 記憶 🧠", byte_at_a_time=True, unknown_events=True)

        answer, last = self.ended()

        self.assertEqual((answer.status, answer.content), ("complete", "Größe: 記憶 🧠"))
        self.assertEqual(last.name, "done")

    def test_a_server_that_hangs_is_told_and_what_came_is_kept(self) -> None:
        self.model.reply("word " * 400, hang_after=4_000)
        with mock.patch.object(limits, "BETWEEN_TEXT_SECONDS", 0.4):
            answer, last = self.ended()

        self.assertEqual((last.name, answer.status), ("failed", "interrupted"))
        self.assertTrue(answer.content.startswith("word word"))
        self.assertIn("stopped in the middle", answer.error)


class HostileTests(StreamingTestCase):
    def test_whatever_a_model_says_nothing_of_it_is_active(self) -> None:
        for text in (
            "<script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=alert(3)>",
            "[x](javascript:alert(1)) <a href=' javascript:alert(2)'>y</a> [z](data:text/html,x)",
            "![remote](https://evil.example/x.png) <iframe src=//evil.example></iframe>",
            "<style>@import url(//evil.example/x.css)</style><b style='color:url(//e.x)'>b</b>",
            "<form action=//evil.example><button formaction=javascript:alert(1)>Go</button></form>",
            "```<img src=x onerror=alert(1)>\n<script>alert(1)</script>\n```\n$<script>x</script>$",
        ):
            with self.subTest(text):
                self.claude.reply(text, delay_seconds=0.002)
                for event in self.all_events(self.ask()):
                    html = event.data.get("html", "") + event.data.get("tail", "")
                    body = html.partition("message-foot")[0]
                    self.assertEqual(active(body), [])

    def test_ten_thousand_nested_lists_and_quotes_hang_nothing(self) -> None:
        for sign in ("- ", "> ", "* - 1. ", "["):
            with self.subTest(sign):
                self.claude.reply(sign * 10_000 + "end of it", together=100)
                events = self.all_events(self.ask())

                self.assertEqual(events[-1].name, "done")
                self.assertIn("end of it", shown(events))
