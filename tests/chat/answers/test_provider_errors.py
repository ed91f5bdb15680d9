"""What goes wrong at a provider, as the learner meets it in the chat: every trouble, every SDK.

From the page's POST through the real SDK to a server on loopback and back into the page.
"""

from typing import Any, ClassVar
from unittest import mock

from django.test import override_settings
from django.utils import timezone

from accounts import endpoints
from accounts.models import ApiKey, Endpoint, User
from chat.models import Message
from memoryloop.llm import limits
from memoryloop.llm.detect import clear_cache
from tests.chat.asgi import Event, StreamingTestCase
from tests.servers.compatible import OpenAIServer
from tests.servers.core import ProviderServer

QUESTION = "What is a cell?"
# Status: its kind, and what the learner reads.
TROUBLES = {
    400: ("provider", ("did not accept the request", "in other words, or with another model")),
    401: ("key", ("refused the API key", "in Settings")),
    402: ("rights", ("no credit left", "Add credit")),
    403: ("rights", ("does not allow it", "Check the key&#x27;s permissions")),
    404: ("model", ("no model named", "Choose")),
    413: ("provider", ("more than", "Send a shorter message, or start a new conversation")),
    429: ("limit", ("asked too often", "Try again in a minute")),
    500: ("provider", ("an error of its own", "Try again in a minute")),
    503: ("provider", ("overloaded", "Try again in a minute")),
    529: ("provider", ("overloaded", "Try again in a minute")),
}


class Troubles(StreamingTestCase):
    """Each provider's class says who is answered by what; the troubles are everybody's."""

    __test__ = False
    # What the label in each sentence is; blank for an address.
    label: ClassVar[str]
    model: ProviderServer
    learner: User

    def setUp(self) -> None:
        super().setUp()
        self.connect()
        self.client.force_login(self.learner)
        for name, seconds in (("RETRY_SECONDS", 0.01), ("BETWEEN_TEXT_SECONDS", 0.4)):
            self.enterContext(mock.patch.object(limits, name, seconds))

    def connect(self) -> None:
        """Set `model` and `learner`."""
        raise NotImplementedError

    def key_status(self) -> str:
        """Return what is noted of the learner's key; blank where they have none."""
        raise NotImplementedError

    def own_key(self) -> bool:
        return bool(self.key_status())

    def compatible_server(self) -> OpenAIServer:
        server = self.enterContext(OpenAIServer())
        clear_cache()
        self.addCleanup(clear_cache)
        return server

    def ended(self) -> tuple[Message, Event]:
        """Ask, and return the answer's row and the last event of its stream."""
        events = self.all_events(answer := self.ask(QUESTION))
        return self.finished(answer), events[-1]

    def assert_told(self, answer: Message, last: Event, *words: str) -> str:
        """Check that whoever watched reads these words, and whoever comes back; return the page."""
        self.assertEqual(last.name, "failed")
        page = self.client.get(answer.conversation.get_absolute_url()).content.decode()
        for html in (last.data["html"], page):
            for each in (*words, self.label, "Retry"):
                self.assertIn(each, html)
        self.assertIn(f'<div class="message-text">{QUESTION}</div>', page)
        self.assertIn("composer-ask", page)
        self.assertLess(20, len(answer.error))
        return page

    def test_each_status_has_its_sentence_its_way_out_and_keeps_the_message(self) -> None:
        for status, (kind, words) in TROUBLES.items():
            with self.subTest(status):
                self.model.script(status=status)
                before = self.key_status()
                answer, last = self.ended()

                if status == 401 and not self.own_key():
                    kind = "rights"
                page = self.assert_told(answer, last, *words)
                self.assertEqual((answer.status, answer.error_kind), ("failed", kind))
                self.assertEqual("data-key-dialog" in page, kind in {"key", "rights", "limit"})
                self.assertEqual("Choose a model" in page, kind == "model")
                self.assertEqual("not used again until a test" in page, kind == "key")
                refused = self.own_key() and status == 401
                self.assertEqual(self.key_status(), "refused" if refused else before)
                self.mend()

    def mend(self) -> None:
        """Let the learner's key count as working again."""
        ApiKey.objects.update(status="working")
        Endpoint.objects.update(status="working")

    def test_a_key_that_is_called_wrong_under_another_status_is_a_refused_key(self) -> None:
        body = {"error": {"type": "x", "message": "API key not valid. Please pass a valid one."}}
        self.model.script(status=400, body=body)
        answer, last = self.ended()

        self.assert_told(answer, last, "refused the API key")
        self.assertEqual(self.key_status(), "refused" if self.own_key() else "")

    def test_a_rate_limit_says_when_to_ask_again_and_forgets_it_when_that_has_come(self) -> None:
        self.model.script(status=429, headers={"Retry-After": "70"})
        answer, last = self.ended()

        self.assert_told(answer, last, "Try again in 70 seconds", "Ask again from", "data-until")

        Message.objects.filter(id=answer.id).update(retry_at=timezone.now())
        page = self.client.get(answer.conversation.get_absolute_url())
        self.assertContains(page, "You can ask again now")
        self.assertNotContains(page, "in 70 seconds")
        self.assertNotContains(page, "Ask again from")

    def test_a_server_that_says_nothing_is_given_up(self) -> None:
        self.model.script(hang_after=0)
        with mock.patch.object(limits, "FIRST_TEXT_SECONDS", 0.4):
            answer, last = self.ended()

        self.assert_told(answer, last, "did not answer in time. Try again in a moment")
        self.assertEqual(answer.status, "failed")
        self.assertTrue(self.model.questions()[-1].client_left.wait(30))

    def test_a_server_that_falls_silent_is_given_up_and_what_came_is_kept(self) -> None:
        self.model.reply("word " * 400, hang_after=4_000)
        answer, last = self.ended()

        page = self.assert_told(answer, last, "stopped in the middle of its answer. Try again")
        self.assertEqual((answer.status, answer.error_kind), ("interrupted", "broken"))
        self.assertIn("word word", page)
        self.assertTrue(answer.content.startswith("word word"))

    def test_a_stream_cut_in_the_middle_of_a_token_keeps_the_tokens_before_it(self) -> None:
        text = "Größe “記憶” 🧠 " * 200
        for cut_after in range(3_001, 3_140, 17):
            with self.subTest(cut_after):
                self.model.reply(text, cut_after=cut_after)
                answer, last = self.ended()

                page = self.assert_told(answer, last, "broke off before the answer was complete")
                self.assertEqual((answer.status, answer.error_kind), ("interrupted", "broken"))
                self.assertTrue(text.startswith(answer.content))
                self.assertGreater(len(answer.content), 20)
                self.assertIn("Größe “記憶” 🧠 Größe", page)

    def test_a_connection_that_is_cut_before_the_first_word_is_told(self) -> None:
        self.model.script(cut_after=0)
        answer, last = self.ended()

        self.assert_told(answer, last, "closed the connection without an answer")

    def test_an_error_inside_a_stream_is_that_error_and_what_came_is_kept(self) -> None:
        error = {"type": "overloaded_error", "message": "Overloaded"}
        self.model.reply("word " * 10, error=error)
        answer, last = self.ended()

        self.assert_told(answer, last, "overloaded", "word word")
        self.assertEqual(answer.status, "interrupted")

    def test_nobody_there_is_told(self) -> None:
        self.model.stop()
        answer, last = self.ended()

        self.assert_told(answer, last, "cannot be reached. Check")

    def test_one_byte_at_a_time_and_unknown_events_are_an_answer_like_any_other(self) -> None:
        how: tuple[dict[str, Any], ...] = (
            {"byte_at_a_time": True},
            {"unknown_events": True},
            {"byte_at_a_time": True, "unknown_events": True},
        )
        for each in how:
            with self.subTest(**each):
                self.model.reply("**Größe**: 記憶 🧠", **each)
                answer, last = self.ended()

                self.assertEqual(last.name, "done")
                self.assertEqual((answer.status, answer.error), ("complete", ""))
                self.assertEqual(answer.content, "**Größe**: 記憶 🧠")
                self.assertIn("<strong>Größe</strong>: 記憶 🧠", last.data["html"])

    def test_a_hundred_thousand_tokens_are_stopped_kept_and_shown(self) -> None:
        self.model.reply("A **word** or so.\n\n" * 100_000, together=200)
        answer, last = self.ended()

        page = self.assert_told(answer, last, "did not come to an end")
        self.assertEqual(answer.status, "interrupted")
        self.assertGreaterEqual(len(answer.content), limits.ANSWER_CHARACTERS)
        self.assertGreater(page.count("<strong>word</strong>"), 10_000)
        self.assertTrue(self.model.questions()[-1].client_left.wait(30))

    def test_after_each_the_conversation_goes_on(self) -> None:
        self.model.script(status=500)
        answer, _ = self.ended()
        self.model.reply("It lives.")

        self.client.post(f"/chat/messages/{answer.id}/retry/")

        answer = self.finished(answer)
        self.assertEqual(
            (answer.status, answer.content, answer.error), ("complete", "It lives.", "")
        )


class ClaudeTroubleTests(Troubles):
    """Alice's own key."""

    __test__ = True
    label = "Claude"

    def connect(self) -> None:
        self.model, self.learner = self.claude, self.alice

    def key_status(self) -> str:
        return str(ApiKey.objects.get(owner=self.alice).status)


class OwnServerTroubleTests(Troubles):
    """A server that speaks OpenAI's protocol, which the learner connected with a key of theirs."""

    __test__ = True
    label = "127.0.0.1:"

    def connect(self) -> None:
        self.model, self.learner = self.compatible_server(), self.bob
        endpoints.save_endpoint(
            user=self.bob,
            base_url=self.model.url,
            api_key="secret-of-bob",
            model="local-model",
            now=timezone.now(),
        )

    def key_status(self) -> str:
        return str(Endpoint.objects.get(owner=self.bob).status)


class OwnServerDownTests(StreamingTestCase):
    """The learner's own server is down, and the installation has a model, of whatever label."""

    def own_server_down(self) -> None:
        server = self.enterContext(OpenAIServer(ollama=True))
        endpoints.save_endpoint(
            user=self.bob, base_url=server.url, api_key="", model="", now=timezone.now()
        )
        self.assertEqual(Endpoint.objects.get(owner=self.bob).label, "Ollama")
        server.stop()
        self.client.force_login(self.bob)
        self.enterContext(mock.patch.object(limits, "RETRY_SECONDS", 0.01))

    def asked(self) -> tuple[Message, str]:
        answer = self.finished(self.ask(QUESTION))
        self.assertEqual((answer.status, answer.provider), ("failed", "Ollama"))
        return answer, self.client.get(answer.conversation.get_absolute_url()).content.decode()

    def test_the_installations_model_is_offered_and_answers(self) -> None:
        self.own_server_down()
        clear_cache()
        self.addCleanup(clear_cache)
        installed = self.enterContext(OpenAIServer(ollama=True))
        installed.default(text="It is the smallest unit of life.")
        for settings, name in (
            ({"OLLAMA_URL": installed.root}, "this installation’s Ollama"),
            (
                {"OPENAI_BASE_URL": installed.url, "OPENAI_MODEL": "qwen3:8b"},
                f"127.0.0.1:{installed.port}",
            ),
        ):
            with self.subTest(name), override_settings(**settings):
                answer, page = self.asked()
                self.assertIn(f"Answer with {name}", page)
                self.assertNotIn("Answer offline", page)

                url = f"/chat/messages/{answer.id}/retry/"
                self.client.post(url, {"provider": "fallback"})

                answer = self.finished(answer)
                self.assertEqual(answer.content, "It is the smallest unit of life.")

    def test_the_same_server_by_another_way_is_not_offered(self) -> None:
        self.own_server_down()
        address = Endpoint.objects.get(owner=self.bob).base_url
        with override_settings(OPENAI_BASE_URL=address, OPENAI_MODEL="qwen3:8b"):
            _, page = self.asked()
        self.assertIn("Answer offline", page)


class ServersModelTroubleTests(Troubles):
    """The model that whoever runs MemoryLoop connected: the learner has no key to mend."""

    __test__ = True
    label = "127.0.0.1:"

    def connect(self) -> None:
        self.model, self.learner = self.compatible_server(), self.bob
        settings = {"OPENAI_BASE_URL": self.model.url, "OPENAI_MODEL": "local-model"}
        self.enterContext(override_settings(**settings))

    def key_status(self) -> str:
        return ""

    def test_a_refused_key_of_the_server_is_nothing_the_learner_is_sent_to_mend(self) -> None:
        self.model.script(status=401)
        answer, last = self.ended()

        page = self.assert_told(answer, last, "Whoever runs this MemoryLoop sets that key")
        self.assertIn("Use another key", page)
        self.assertNotIn("Fix the key", page)
