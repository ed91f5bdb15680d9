"""An answer that was cut off is written on, in the same message, whoever answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import override_settings

from chat.models import Message
from chat.recall import answer_context, prompts
from memoryloop.llm.detect import clear_cache
from tests.chat.asgi import StreamingTestCase
from tests.servers.compatible import OpenAIServer
from tests.servers.core import ProviderServer

BEGINNING = "A cell is the smallest unit of life. Its mitochondrion is the pow"
HTMX = {"HX-Request": "true"}


def plain(message: dict[str, Any]) -> dict[str, str]:
    """Return a message as text, which Claude gets in blocks."""
    content = message["content"]
    if isinstance(content, list):
        content = "".join(block["text"] for block in content)
    return {"role": message["role"], "content": content}


class ContinueTests(StreamingTestCase):
    @contextmanager
    def answered_by(self, name: str) -> Iterator[ProviderServer]:
        """Have Claude answer with Alice's key, or the installation's server Bob."""
        if name == "Claude":
            self.client.force_login(self.alice)
            yield self.claude
            return
        self.client.force_login(self.bob)
        with OpenAIServer(ollama=name == "Ollama") as server:
            if name == "Ollama":
                settings = {"OLLAMA_URL": server.root, "OPENAI_BASE_URL": ""}
            else:
                settings = {"OPENAI_BASE_URL": server.url, "OPENAI_MODEL": "local-model"}
            clear_cache()
            with override_settings(**settings):
                yield server
            clear_cache()

    def cut_off(self, server: ProviderServer, text: str = BEGINNING) -> Message:
        reason = "max_tokens" if server is self.claude else "length"
        server.reply(text, stop_reason=reason)
        answer = self.finished(self.ask("What is a cell, in detail?"))
        self.assertEqual((answer.status, answer.content), ("complete", text))
        return answer

    def go_on(self, answer: Message) -> Message:
        response = self.client.post(f"/chat/messages/{answer.id}/continue/", headers=HTMX)
        self.assertContains(response, f'data-stream="/chat/messages/{answer.id}/stream/"')
        return self.finished(answer)

    def test_the_same_message_is_written_on_whoever_answers(self) -> None:
        for name in ("Claude", "Ollama", "server"):
            with self.subTest(name), self.answered_by(name) as server:
                answer = self.cut_off(server)
                page = self.client.get(answer.conversation.get_absolute_url())
                self.assertContains(page, "Continue<span")
                self.assertContains(page, "reached its length limit")
                server.requests.clear()
                server.reply("Its mitochondrion is the powerhouse of it.")

                answer = self.go_on(answer)

                whole = BEGINNING.removesuffix("pow") + "powerhouse of it."
                self.assertEqual((answer.status, answer.content), ("complete", whole))
                self.assertEqual((answer.error, answer.earlier_content), ("", ""))
                self.assertEqual(Message.objects.filter(parent=answer.parent_id).count(), 1)
                request = server.questions()[0]
                *_, asked, beginning, told = map(plain, request.json["messages"])
                # Without an answer of the model at the end, which some models refuse.
                self.assertEqual((asked["role"], beginning["role"]), ("user", "assistant"))
                self.assertEqual((told["role"], told["content"]), ("user", prompts.GO_ON))
                self.assertEqual(beginning["content"], BEGINNING.removesuffix("pow"))
                page = self.client.get(answer.conversation.get_absolute_url())
                self.assertNotContains(page, "Continue<span")
                sent = answer_context.sent(answer.conversation.owner, answer)
                assert sent is not None
                self.assertEqual(
                    [message.content for message, _ in sent.messages],
                    [asked["content"], beginning["content"]],
                )
                self.assertFalse(sent.is_cut)
                shown = self.client.get(f"/chat/messages/{answer.id}/context/")
                self.assertContains(shown, "because the answer was continued")

    def test_it_may_be_cut_off_again_and_go_on_again(self) -> None:
        answer = self.cut_off(self.claude, "One two three ")
        self.claude.reply("four five six ", stop_reason="max_tokens")
        answer = self.go_on(answer)
        self.assertEqual(answer.content, "One two three four five six ")
        self.assertTrue(answer.can_be_continued)
        self.claude.reply("seven.")
        self.assertEqual(self.go_on(answer).content, "One two three four five six seven.")

    def test_an_attempt_that_brings_nothing_leaves_every_letter(self) -> None:
        answer = self.cut_off(self.claude)
        self.claude.script(status=400)
        answer = self.go_on(answer)
        self.assertEqual((answer.status, answer.content), ("interrupted", BEGINNING))
        self.assertIn("did not accept", answer.error)
        self.assertTrue(answer.can_be_continued)

    def test_an_answer_that_was_stopped_or_broke_off_can_go_on_as_well(self) -> None:
        self.claude.script(text="One two three four five six seven eight. " * 10, cut_after=2_000)
        answer = self.finished(self.ask())
        self.assertEqual(answer.status, "interrupted")
        page = self.client.get(answer.conversation.get_absolute_url())
        self.assertContains(page, "Continue<span")
        self.assertContains(page, ">Retry<")
        kept = answer.content.rsplit(" ", 1)[0]
        self.claude.reply("And that is all.")
        answer = self.go_on(answer)
        self.assertTrue(answer.content.startswith(kept))
        self.assertTrue(answer.content.endswith("And that is all."))

    def test_only_the_last_answer_and_only_its_owner_goes_on(self) -> None:
        answer = self.cut_off(self.claude)
        url = f"/chat/messages/{answer.id}/continue/"
        self.assertEqual(self.client.get(url).status_code, 405)
        self.client.force_login(self.bob)
        self.assertEqual(self.client.post(url).status_code, 404)
        self.client.force_login(self.alice)
        self.client.post(f"/chat/{answer.conversation_id}/send/", {"content": "Another"})
        self.finished(Message.objects.filter(role="assistant").latest("created_at"))
        self.assertContains(self.client.post(url, follow=True), "cannot be continued any more")
        answer.refresh_from_db()
        self.assertEqual(answer.content, BEGINNING)

    def test_without_javascript_the_page_is_shown_again(self) -> None:
        answer = self.cut_off(self.claude)
        self.claude.reply("powerhouse.")
        response = self.client.post(f"/chat/messages/{answer.id}/continue/")
        self.assertRedirects(
            response,
            f"/chat/{answer.conversation_id}/#message-{answer.id}",
            fetch_redirect_response=False,
        )
        self.assertTrue(self.finished(answer).content.endswith("is the powerhouse."))

    def test_a_server_that_marks_no_end_is_told_only_if_it_may_be_cut(self) -> None:
        with self.answered_by("server") as server:
            assert isinstance(server, OpenAIServer)
            server.end_marks = ""
            for text, is_told in (("It is small.", False), ("It is small and", True)):
                server.reply(text)
                answer = self.finished(self.ask())
                self.assertEqual((answer.status, answer.content), ("complete", text))
                self.assertEqual("did not say whether" in answer.error, is_told)
                self.assertEqual(answer.can_be_continued, is_told)


class SmallWindowTests(StreamingTestCase):
    """A conversation with models that enforce a window, from the page to the panel."""

    def setUp(self) -> None:
        super().setUp()
        self.client.force_login(self.bob)
        clear_cache()
        self.addCleanup(clear_cache)

    def test_a_long_conversation_fits_and_the_panel_says_what_was_left_out(self) -> None:
        for window in (4_096, 8_192):
            for ollama in (True, False):
                with self.subTest(window=window, ollama=ollama):
                    self.talk_with(window, ollama=ollama)

    def talk_with(self, window: int, *, ollama: bool) -> None:
        with OpenAIServer(ollama=ollama) as server:
            if ollama:
                server.shown["model_info"] = {"llama.context_length": window}
                where = {"OLLAMA_URL": server.root}
            else:
                # It tells nothing, and refuses what is too long.
                server.window = window
                where = {"OPENAI_BASE_URL": server.url, "OPENAI_MODEL": "local-model"}
            clear_cache()
            server.default(text="A cell is the smallest unit of life. " * 40)
            with override_settings(**where):
                answer = self.finished(self.ask("What is a cell? " + "Mind the details. " * 120))
                for _ in range(4 if window == 4_096 else 9):
                    self.client.post(
                        f"/chat/{answer.conversation_id}/send/",
                        {"content": "And why is that so? " + "Mind the details. " * 60},
                    )
                    newest = Message.objects.filter(conversation=answer.conversation_id)
                    answer = self.finished(newest.latest("position"))
                    self.assertEqual((answer.status, answer.error), ("complete", ""))
                panel = self.client.get(f"/chat/messages/{answer.id}/context/")
                self.assertContains(panel, f"takes {window:,} tokens at once")
                self.assertContains(panel, "Not everything fitted")
                self.assertContains(panel, "earlier message")

                pasted = "Explain this. " + "The cell lives on. " * 2_500 + "What is the point?"
                self.client.post(f"/chat/{answer.conversation_id}/send/", {"content": pasted})
                newest = Message.objects.filter(conversation=answer.conversation_id)
                answer = self.finished(newest.latest("position"))
                self.assertEqual(answer.status, "complete")
                panel = self.client.get(f"/chat/messages/{answer.id}/context/")
                self.assertContains(panel, "the middle of your message")
                asked = [q.json["messages"][-1]["content"] for q in server.questions()]
                self.assertTrue(any(each.endswith("What is the point?") for each in asked))
                # Nor do the notes of the conversation take more than there is room for.
                self.assertTrue(any("</learner>" in each for each in asked))
            self.assertFalse(server.cut_silently)
