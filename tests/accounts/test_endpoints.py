import asyncio
from typing import Any
from unittest import mock

from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts import endpoints, services
from accounts.models import Endpoint
from accounts.results import InvalidEndpoint, InvalidKey, KeyState, KeyTest
from accounts.services import provider_for
from memoryloop import llm
from memoryloop.llm.detect import clear_cache
from tests.accounts.keys import KEY, KeyTestCase
from tests.servers.compatible import OpenAIServer
from tests.servers.core import Response, Step, json_response

HTMX = {"HX-Request": "true"}
SECRET = "sk-own-" + "Ww5" * 10 + "tail"


class EndpointTestCase(KeyTestCase):
    """Runs a server that speaks OpenAI's protocol; the real SDK asks it."""

    def setUp(self) -> None:
        super().setUp()
        self.log_in()
        self.own = OpenAIServer(ollama=True).start()
        self.addCleanup(self.own.stop)

    def save(self, **fields: Any) -> KeyTest:
        return endpoints.save_endpoint(
            user=self.alice,
            now=timezone.now(),
            **{"base_url": self.own.url, "api_key": "", "model": "", **fields},
        )

    def row(self) -> Endpoint:
        return Endpoint.objects.get(owner=self.alice)


class AddressTests(EndpointTestCase):
    def test_it_puts_right_what_people_paste(self) -> None:
        for typed, clean in (
            ("localhost:11434", "http://localhost:11434/v1"),
            (" http://localhost:11434/ ", "http://localhost:11434/v1"),
            ("openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
            ("https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1"),
            ("https://example.org/v1/models", "https://example.org/v1"),
        ):
            with self.subTest(typed=typed):
                self.assertEqual(endpoints.clean_url(typed), clean)

    def test_it_refuses_what_is_no_address(self) -> None:
        for typed in (
            "[",
            "[::1",
            "http://[",
            "",
            "ftp://example.org",
            "file:///etc/passwd",
            "http://",
            "http://example.org:99999",
            "http://a b",
            "http://user:secret@example.org",
            "https://example.org/v1?key=secret",
            "https://example.org/v1#x",
            "http://[::1",
            "https://example.org/" + "a" * 600,
        ):
            with self.subTest(typed=typed), self.assertRaises(InvalidEndpoint) as caught:
                endpoints.clean_url(typed)
            self.assertNotIn("secret", caught.exception.sentence)

    def test_what_is_shown_again_has_no_key_in_it(self) -> None:
        for typed, shown in (
            ("https://user:secret@example.org/v1?key=secret#secret", "https://example.org/v1"),
            ("user:secret@example.org", "example.org"),
            ("localhost:11434", "localhost:11434"),
            ("", ""),
        ):
            with self.subTest(typed=typed):
                self.assertEqual(endpoints.without_secrets(typed), shown)

    def test_it_refuses_what_is_no_key(self) -> None:
        for typed in ("a\nb", "ü" * 20, "two words", "x" * 501):
            with self.subTest(typed=typed), self.assertRaises(InvalidKey) as caught:
                endpoints.clean_key(typed)
            self.assertNotIn(typed, caught.exception.sentence)


class SaveEndpointTests(EndpointTestCase):
    url = reverse("settings:save_endpoint")

    def test_it_asks_for_the_models_and_takes_the_first_that_can_chat(self) -> None:
        response = self.client.post(self.url, {"base_url": self.own.url}, follow=True)

        self.assertContains(response, "Ollama can be reached")
        row = self.row()
        self.assertEqual((row.label, row.status), ("Ollama", "working"))
        self.assertEqual(row.model, "llama3.2:latest")
        self.assertEqual(row.listed_models, ["llama3.2:latest", "qwen3:8b"])
        self.assertContains(response, '<option value="qwen3:8b">')
        self.assertIn("LearnerEndpoint Ollama llama3.2", repr(provider_for(self.alice)))

    def test_it_answers_htmx_with_the_section(self) -> None:
        response = self.client.post(self.url, {"base_url": self.own.url}, headers=HTMX)

        self.assertContains(response, "Ollama answers you.")
        self.assertTemplateNotUsed(response, "base.html")

    def test_a_model_that_is_typed_comes_before_one_that_is_chosen(self) -> None:
        self.save()
        self.client.post(
            self.url,
            {"base_url": self.own.url, "model": "llama3.2:latest", "other_model": "qwen3:8b"},
        )

        self.assertEqual(self.row().model, "qwen3:8b")

    def test_a_model_that_is_not_there_is_told_and_not_used(self) -> None:
        response = self.client.post(
            self.url, {"base_url": self.own.url, "model": "gone"}, headers=HTMX
        )

        self.assertContains(response, "has no model named “gone”")
        self.assertEqual((self.row().status, self.row().model), ("no_model", "gone"))
        self.assertFalse(provider_for(self.alice).is_model)

    def test_a_server_without_a_model_says_so(self) -> None:
        self.own.models = []
        response = self.client.post(self.url, {"base_url": self.own.url}, headers=HTMX)

        self.assertContains(response, "lists no model that can chat")
        self.assertFalse(provider_for(self.alice).is_model)

    def test_a_key_that_is_wanted_or_refused_is_told_and_nothing_is_saved(self) -> None:
        self.own.needs_key = True
        for typed, words in (("", "needs a key"), ("sk-own-key-that-is-refused", "refused")):
            response = self.client.post(self.url, {"base_url": self.own.url, "api_key": typed})
            self.assertContains(response, words, status_code=422)
            self.assertContains(response, self.own.url, status_code=422)
            self.assertNotContains(response, "that-is-refused", status_code=422)
        self.assertFalse(Endpoint.objects.exists())

    def test_a_server_that_is_down_is_saved_and_says_so(self) -> None:
        response = self.client.post(self.url, {"base_url": "http://127.0.0.1:9/v1"}, headers=HTMX)

        self.assertContains(response, "cannot be reached")
        self.assertContains(response, "saved and is used, though not tested")
        self.assertEqual(self.row().status, "untested")

    def test_the_key_is_kept_with_its_address_and_with_no_other(self) -> None:
        self.save(api_key=SECRET)
        self.save()
        self.assertEqual(endpoints.read(self.row()), (KeyState.WORKING, SECRET))
        with OpenAIServer() as elsewhere:
            self.save(base_url=elsewhere.url)
            self.assertEqual(endpoints.read(self.row()), (KeyState.WORKING, ""))
            self.assertNotIn(SECRET, [request.key for request in elsewhere.requests])

    def test_the_wrong_shape_is_told_without_asking_anybody(self) -> None:
        for data in (
            {"base_url": ""},
            {"base_url": "ftp://example.org"},
            {"base_url": self.own.url, "api_key": "two words"},
            {"base_url": self.own.url, "model": "x" * 121},
            {"base_url": "x" * 20_000},
        ):
            with self.subTest(data=data):
                self.assertEqual(self.client.post(self.url, data).status_code, 422)
        self.assertEqual(self.own.requests, [])

    def test_nobody_searches_a_network_with_it(self) -> None:
        for _ in range(30):
            response = self.client.post(self.url, {"base_url": "http://127.0.0.1:9"})
            self.assertEqual(response.status_code, 302)
        response = self.client.post(self.url, {"base_url": self.own.url})

        self.assertContains(response, "Too many attempts", status_code=422)
        self.assertEqual(self.own.requests, [])

    def test_it_is_for_learners_who_are_logged_in_and_post(self) -> None:
        for name in ("save_endpoint", "test_endpoint", "remove_endpoint", "ask_first"):
            url = reverse(f"settings:{name}")
            with self.subTest(name=name):
                self.assertEqual(Client().post(url).status_code, 302)
                self.assertEqual(self.client.get(url).status_code, 405)


class TestEndpointTests(EndpointTestCase):
    url = reverse("settings:test_endpoint")

    def test_it_tells_how_the_server_does(self) -> None:
        self.save()
        self.assertContains(self.client.post(self.url, headers=HTMX), "can be reached")
        self.own.models = ["other"]
        self.assertContains(self.client.post(self.url, headers=HTMX), "has no model named")
        self.assertEqual(self.row().status, "no_model")

    def test_a_refused_key_is_not_used_until_it_is_tested_again(self) -> None:
        self.save(api_key=SECRET)
        asked = provider_for(self.alice)
        services.mark_key_refused(self.alice, provider=asked)

        self.assertFalse(provider_for(self.alice).is_model)
        self.assertIn("refused its key", services.describe_tutor(self.alice).reason)
        self.client.post(self.url)
        self.assertTrue(provider_for(self.alice).is_model)

    def test_a_rate_limit_says_when_to_try_again_and_changes_nothing(self) -> None:
        self.save()
        limited = json_response({"error": {"message": "slow down"}}, 429)
        limited.headers["Retry-After"] = "20"
        with mock.patch.object(self.own, "respond", autospec=True, return_value=limited):
            response = self.client.post(self.url, headers=HTMX)

        self.assertContains(response, "asked too often with this key. Try again in 20 seconds.")
        self.assertEqual(self.row().status, "working")

    def test_a_server_that_hangs_is_given_up_on(self) -> None:
        self.save()
        silent = Response(step=Step(hang_after=0))
        with (
            mock.patch.object(self.own, "respond", autospec=True, return_value=silent),
            mock.patch("memoryloop.llm.limits.KEY_CHECK_SECONDS", 0.3),
        ):
            response = self.client.post(self.url, headers=HTMX)

        self.assertContains(response, "did not answer in time")

    def test_it_says_that_there_is_none(self) -> None:
        self.assertContains(self.client.post(self.url, follow=True), "There is no server to test.")

    def test_a_key_that_cannot_be_read_is_a_state_and_no_error(self) -> None:
        self.save(api_key=SECRET)
        Endpoint.objects.update(ciphertext="v1.lost.AAAA")

        self.assertContains(self.client.post(self.url, headers=HTMX), "can no longer be read")
        self.assertFalse(provider_for(self.alice).is_model)

    def test_a_key_moved_to_another_address_is_not_read(self) -> None:
        self.save(api_key=SECRET)
        Endpoint.objects.update(base_url="https://elsewhere.example/v1")

        self.assertEqual(endpoints.read(self.row()), (KeyState.UNREADABLE, ""))


class ChoiceTests(EndpointTestCase):
    def both(self) -> None:
        services.save_api_key(user=self.alice, api_key=KEY, now=timezone.now())
        self.save()

    def test_claude_comes_first_unless_the_learner_says_otherwise(self) -> None:
        self.both()
        self.assertEqual(provider_for(self.alice).label, "Claude")
        response = self.client.post(
            reverse("settings:ask_first"), {"first": "endpoint"}, headers=HTMX
        )
        self.assertContains(response, "Ollama answers you.")
        self.assertEqual(provider_for(self.alice).label, "Ollama")
        self.client.post(reverse("settings:ask_first"), {"first": "claude"})
        self.assertEqual(provider_for(self.alice).label, "Claude")

    def test_the_other_answers_when_the_first_was_refused(self) -> None:
        self.both()
        services.mark_key_refused(self.alice, provider=provider_for(self.alice))

        self.assertEqual(provider_for(self.alice).label, "Ollama")
        self.assertEqual(self.row().status, "working")

    def test_a_key_of_the_server_that_is_refused_marks_none_of_the_learners(self) -> None:
        self.both()
        services.mark_key_refused(self.alice, provider=llm.openai_compatible(self.own.url))

        self.assertEqual(self.key_of(self.alice).status, "working")

    def test_removing_it_forgets_it_and_no_other_learners(self) -> None:
        self.save()
        Endpoint.objects.create(owner=self.bob, base_url="https://example.org/v1", label="x")
        response = self.client.post(reverse("settings:remove_endpoint"), headers=HTMX)

        self.assertContains(response, "Your server and its key are deleted.")
        self.assertEqual(Endpoint.objects.get().owner, self.bob)

    def test_claudes_model_is_chosen_from_what_claude_lists(self) -> None:
        services.save_api_key(user=self.alice, api_key=KEY, now=timezone.now())
        page = self.client.get(reverse("settings:home"))
        self.assertContains(page, '<option value="claude-haiku-4-5">')

        url = reverse("settings:choose_model")
        self.client.post(url, {"model": "claude-haiku-4-5"})
        self.assertEqual(provider_for(self.alice).model, "claude-haiku-4-5")
        response = self.client.post(url, {"model": "", "other_model": "claude-gone"})
        self.assertContains(response, "no model named “claude-gone”", status_code=422)
        self.assertEqual(provider_for(self.alice).model, "claude-haiku-4-5")
        self.client.post(url, {"model": ""})
        self.assertEqual(self.key_of(self.alice).model, "")


@override_settings(LEARNER_ENDPOINTS="public")
class ReachTests(EndpointTestCase):
    def test_inside_addresses_are_refused_and_not_asked(self) -> None:
        port = self.own.port
        for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::ffff:127.0.0.1]:{port}"):
            response = self.client.post(
                reverse("settings:save_endpoint"), {"base_url": f"http://{host}/v1"}
            )
            self.assertContains(response, "inside this server", status_code=422)
        self.assertEqual(self.own.requests, [])
        self.assertFalse(Endpoint.objects.exists())

    def test_one_saved_before_is_not_asked_either(self) -> None:
        with override_settings(LEARNER_ENDPOINTS="any"):
            self.save()
        self.own.requests.clear()

        with self.assertRaises(InvalidEndpoint):
            endpoints.test_endpoint(user=self.alice, now=timezone.now())
        self.assertEqual(self.own.requests, [])

    def test_a_name_is_resolved_once_and_that_address_is_the_one_connected_to(self) -> None:
        inside = [(2, 1, 6, "", ("127.0.0.1", self.own.port))]
        public = [(2, 1, 6, "", ("198.51.100.7", self.own.port))]
        with (
            mock.patch("asyncio.base_events.socket.getaddrinfo", side_effect=[inside, public]),
            self.assertRaises(InvalidEndpoint),
        ):
            self.save(base_url=f"http://rebinding.example:{self.own.port}/v1")
        self.assertEqual(self.own.requests, [])

    @override_settings(LEARNER_ENDPOINTS="off")
    def test_off_saves_and_uses_none(self) -> None:
        response = self.client.post(reverse("settings:save_endpoint"), {"base_url": self.own.url})
        self.assertContains(response, "does not allow servers", status_code=422)
        with override_settings(LEARNER_ENDPOINTS="any"):
            self.save()
        self.assertFalse(provider_for(self.alice).is_model)
        page = self.client.get(reverse("settings:home"))
        self.assertContains(page, "Switched off")
        self.assertNotContains(page, "Connect a server")


class ContextLengthTests(EndpointTestCase):
    def post(self, **fields: str) -> str:
        response = self.client.post(
            reverse("settings:save_endpoint"), {"base_url": self.own.url, **fields}, headers=HTMX
        )
        return response.content.decode()

    def asked_with(self) -> int:
        self.own.requests.clear()
        provider = provider_for(self.alice)

        async def ask() -> None:
            async for _ in provider.stream(system="", messages=[llm.ChatMessage("user", "Why?")]):
                pass

        asyncio.run(ask())
        return int(self.own.questions()[0].json["options"]["num_ctx"])

    def test_the_learner_sets_it_for_their_server_and_leaves_it_to_the_server(self) -> None:
        self.post(context_length="32768")
        self.assertEqual(self.row().context_length, 32_768)
        self.assertEqual(self.asked_with(), 32_768)
        self.assertIn('value="32768"', self.client.get(reverse("settings:home")).content.decode())

        self.post(context_length="")
        self.assertIsNone(self.row().context_length)
        self.assertEqual(self.asked_with(), 8_192)

    def test_what_no_model_has_is_refused(self) -> None:
        for wrong in ("12", "-1", "many", "1" * 30):
            with self.subTest(wrong):
                self.assertIn("field-error", self.post(context_length=wrong))
        self.assertFalse(Endpoint.objects.exists())

    def test_the_environment_sets_it_for_the_installations_models(self) -> None:
        for variables, context_length in (
            ({"OLLAMA_URL": self.own.root, "OLLAMA_CONTEXT_LENGTH": 4_096}, 4_096),
            ({"OPENAI_BASE_URL": self.own.url, "OPENAI_CONTEXT_LENGTH": 2_048}, 2_048),
        ):
            clear_cache()
            with self.subTest(variables), override_settings(**variables):
                self.assertEqual(asyncio.run(provider_for(self.alice).window()), context_length)
        clear_cache()
