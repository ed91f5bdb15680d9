"""A key that fails in a chat: what is told, and each way out of it."""

from datetime import timedelta
from typing import Any
from unittest import mock

from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import ApiKey
from chat.models import Message
from memoryloop.llm.detect import clear_cache
from tests.chat.asgi import StreamingTestCase
from tests.servers.compatible import OpenAIServer

HTMX = {"HX-Request": "true"}


class KeyTests(StreamingTestCase):
    def failed(self, **how: Any) -> Message:
        """Return an answer that failed as a Step(**how) says."""
        self.claude.script(**how)
        return self.finished(self.ask())

    def page(self, answer: Message) -> str:
        return self.client.get(answer.conversation.get_absolute_url()).content.decode()

    def retry(self, answer: Message, *, htmx: bool = False, **data: str) -> str:
        url = f"/chat/messages/{answer.id}/retry/"
        response = self.client.post(url, data, headers=HTMX if htmx else {}, follow=True)
        return response.content.decode()

    def test_a_refused_key_is_marked_and_the_message_is_there_with_three_ways_out(self) -> None:
        answer = self.failed(status=401)

        self.assertEqual((answer.status, answer.error_kind), ("failed", "key"))
        self.assertEqual(ApiKey.objects.get().status, ApiKey.Status.REFUSED)
        page = self.page(answer)
        self.assertIn("What is a cell?", page)
        # Once at the answer, for whoever has no scripts, and once in the dialog.
        for way in ("Fix the key", "Retry", "Answer offline"):
            self.assertEqual(page.count(way), 2, way)
        self.assertIn("Claude refused the key", page)
        self.assertIn(f'href="/settings/?next=/chat/messages/{answer.id}/"', page)
        self.assertIn("not used again until a test of it succeeds", page)

    def test_the_stream_ends_with_the_dialog(self) -> None:
        self.claude.script(status=401)

        events = self.all_events(self.ask())

        self.assertEqual(events[-1].name, "failed")
        self.assertIn("data-key-dialog", events[-1].data["html"])

    def test_the_fallback_answers_this_once(self) -> None:
        answer = self.failed(status=429)

        self.retry(answer, provider="fallback")

        answer = self.finished(answer)
        self.assertEqual((answer.status, answer.provider), ("complete", "Offline"))
        self.assertEqual((answer.error, answer.error_kind), ("", ""))
        self.assertEqual(ApiKey.objects.get().status, ApiKey.Status.WORKING)
        self.claude.reply("Back again.")
        self.client.post(f"/chat/{answer.conversation_id}/send/", {"content": "More"})
        newest = Message.objects.get(position=3)
        self.assertEqual(self.finished(newest).provider, "Claude")

    def test_the_fallback_is_the_model_of_the_server_where_there_is_one(self) -> None:
        server = self.enterContext(OpenAIServer(ollama=True))
        self.enterContext(override_settings(OLLAMA_URL=server.root))
        clear_cache()
        self.addCleanup(clear_cache)
        answer = self.failed(status=402)
        self.assertIn("Answer with Ollama", self.page(answer))

        self.retry(answer, provider="fallback", htmx=True)

        self.assertEqual(self.finished(answer).provider, "Ollama")

    def test_retrying_tries_a_refused_key_first_and_uses_it_when_it_works(self) -> None:
        answer = self.failed(status=401)
        self.claude.reply("Here it is.")

        self.retry(answer)

        answer = self.finished(answer)
        self.assertEqual((answer.content, answer.provider), ("Here it is.", "Claude"))
        self.assertEqual(ApiKey.objects.get().status, ApiKey.Status.WORKING)

    def test_retrying_with_a_key_that_is_refused_still_says_so_and_asks_nobody(self) -> None:
        answer = self.failed(status=401)
        self.claude.script_models(status=401)
        asked = len(self.claude.questions())
        for htmx in (True, False):
            self.assertIn("refused the API key", self.retry(answer, htmx=htmx))

        answer.refresh_from_db()
        self.assertEqual((answer.status, answer.error_kind), ("failed", "key"))
        self.assertEqual(len(self.claude.questions()), asked)

    def test_once_another_key_is_saved_the_page_offers_it_and_no_dialog(self) -> None:
        answer = self.failed(status=401)
        ApiKey.objects.update(status=ApiKey.Status.UNTESTED)

        page = self.page(answer)

        self.assertIn("It was changed or tested since", page)
        self.assertNotIn("data-key-dialog", page)
        self.assertNotIn("Fix the key", page)
        self.assertEqual(page.count(f"/chat/messages/{answer.id}/retry/"), 4)

    def test_a_rate_limit_says_when_to_ask_again(self) -> None:
        answer = self.failed(status=429, headers={"Retry-After": "70"})

        self.assertEqual(answer.error_kind, "limit")
        assert answer.retry_at is not None
        wait = answer.retry_at - timezone.now()
        self.assertLess(timedelta(seconds=50), wait)
        self.assertLess(wait, timedelta(seconds=71))
        page = self.page(answer)
        self.assertIn("Try again in 70 seconds", page)
        self.assertIn("Ask again from", page)
        self.assertIn("data-until", page)
        self.assertIn("Use another key", page)
        self.retry(answer)
        self.assertIsNone(self.finished(answer).retry_at)

    def test_a_retry_waits_for_the_providers_time_if_it_is_near(self) -> None:
        answer = self.failed(status=429, headers={"Retry-After": "20"})
        near = timezone.now() + timedelta(seconds=2)
        Message.objects.filter(id=answer.id).update(retry_at=near)
        self.claude.reply("Here it is.")

        self.retry(answer)

        self.assertEqual(self.finished(answer).content, "Here it is.")
        self.assertGreaterEqual(timezone.now(), near)

    def test_a_provider_in_trouble_opens_no_dialog_and_offers_somebody_else(self) -> None:
        answer = self.failed(status=529, times=2)

        page = self.page(answer)
        self.assertNotIn("data-key-dialog", page)
        self.assertIn("Answer offline", page)
        self.assertNotIn("Fix the key", page)

    def test_a_fault_of_ours_offers_nobody_else(self) -> None:
        with (
            mock.patch(
                "chat.recall.prompts.build", autospec=True, side_effect=RuntimeError("secret")
            ),
            self.assertLogs("chat.answers.generation", "ERROR"),
        ):
            answer = self.finished(self.ask())

        page = self.page(answer)
        self.assertNotIn("Answer offline", page)
        self.assertNotIn("Answer with", page)

    def test_nobody_else_gets_it_answered(self) -> None:
        answer = self.failed(status=401)
        bob = Client()
        bob.force_login(self.bob)

        response = bob.post(f"/chat/messages/{answer.id}/retry/", {"provider": "fallback"})

        self.assertEqual(response.status_code, 404)
