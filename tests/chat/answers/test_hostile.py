"""A model that means harm: nothing of what it says is active, and nothing hangs, as it streams."""

import time
from html.parser import HTMLParser

from django.test import override_settings

from chat.models import Conversation
from memoryloop.llm.detect import clear_cache
from tests.chat.asgi import Event, StreamingTestCase, shown
from tests.memoryloop.markdown.test_hostile_text import active
from tests.servers.compatible import OpenAIServer
from tests.servers.core import ProviderServer

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=alert(3)>",
    "[x](javascript:alert(1)) <a href=' javascript:alert(2)'>y</a> [z](data:text/html,x)",
    "![remote](https://evil.example/x.png) <iframe src=//evil.example></iframe>",
    "<style>@import url(//evil.example/x.css)</style><b style='color:url(//e.x)'>b</b>",
    "<form action=//evil.example><button formaction=javascript:alert(1)>Go</button></form>",
    "```<img src=x onerror=alert(1)>\n<script>alert(1)</script>\n```\n$<script>x</script>$",
    "<article data-stream=//evil.example hx-get=//evil.example hx-trigger=load>x</article>",
    "<meta http-equiv=refresh content=0;//evil.example><link rel=stylesheet href=//evil.example>",
    "<video src=//evil.example autoplay></video><object data=//evil.example></object>",
    "<base href=//evil.example><embed src=//evil.example><audio src=//evil.example autoplay>",
)
NESTED = ("- ", "> ", "* - 1. ", "[", "<ul><li>", "**", "\\(")


class Fetched(HTMLParser):
    """Collects the attributes with which a text would have the page's own scripts fetch for it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            # A link to anywhere is only followed by whoever follows it; a title is only words.
            harmless = name in {"title", "aria-label"} or (tag, name) == ("a", "href")
            if "evil" in str(value) and not harmless:
                self.found.add(f"{tag} {name}={value}")

    @classmethod
    def in_text(cls, html: str) -> set[str]:
        parser = cls()
        parser.feed(html)
        return parser.found


class HostileTests(StreamingTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.model: ProviderServer = self.claude

    def test_whatever_a_model_says_nothing_of_it_is_active(self) -> None:
        for text in HOSTILE:
            with self.subTest(text):
                self.model.reply(text, delay_seconds=0.002)
                events = self.all_events(answer := self.ask())

                self.assertEqual(events[-1].name, "done")
                for event in events:
                    self.assert_harmless(event)
                page = self.client.get(answer.conversation.get_absolute_url()).content.decode()
                answered = page.partition("message--answer")[2].partition("message-foot")[0]
                self.assertEqual(active(answered), [])
                self.assertEqual(Fetched.in_text(page), set())

    def assert_harmless(self, event: Event) -> None:
        html = event.data.get("html", "") + event.data.get("tail", "")
        self.assertEqual(active(html.partition("message-foot")[0]), [])
        self.assertEqual(Fetched.in_text(html), set())

    def test_ten_thousand_nested_lists_and_quotes_hang_nothing(self) -> None:
        for sign in NESTED:
            with self.subTest(sign):
                self.model.reply(sign * 10_000 + "end of it", together=100)
                events = self.all_events(answer := self.ask())

                self.assertEqual(events[-1].name, "done")
                self.assertIn("end of it", shown(events))
                page = self.client.get(answer.conversation.get_absolute_url())
                self.assertContains(page, "end of it")

    def test_a_title_that_a_model_gives_is_no_more_than_words(self) -> None:
        self.model.reply("Fine.")
        self.model.script(structured={"title": "<script>alert(1)</script><img src=//evil>"})
        long = "I wonder how long a question has to be so that it is given another name by a model"
        conversation = self.finished(self.ask(long)).conversation
        deadline = time.monotonic() + 10
        while conversation.title_by != Conversation.TitleBy.MODEL:
            self.assertLess(time.monotonic(), deadline, "No model has given a title.")
            time.sleep(0.02)
            conversation.refresh_from_db()

        for address in (conversation.get_absolute_url(), "/chat/conversations/", "/chat/"):
            page = self.client.get(address).content.decode()
            self.assertIn("alert(1)", page)
            self.assertNotIn("<script>alert", page)
            self.assertEqual(Fetched.in_text(page), set())

    def test_what_a_search_shows_of_it_is_no_more_than_words(self) -> None:
        self.model.reply("zygote <script>alert(1)</script> <img src=//evil.example onerror=x>")
        self.finished(self.ask())

        for address in ("/chat/search/", "/palette/"):
            page = self.client.get(address, {"q": "zygote"}).content.decode()
            self.assertIn("zygote", page)
            self.assertNotIn("<script>alert", page)
            self.assertNotIn("<img", page)


class CompatibleHostileTests(HostileTests):
    """The same of a server that speaks OpenAI's protocol."""

    def setUp(self) -> None:
        super().setUp()
        self.model = self.enterContext(OpenAIServer())
        settings = {"OPENAI_BASE_URL": self.model.url, "OPENAI_MODEL": "local-model"}
        self.enterContext(override_settings(**settings))
        clear_cache()
        self.addCleanup(clear_cache)
        self.client.force_login(self.bob)
