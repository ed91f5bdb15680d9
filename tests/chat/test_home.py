"""Where a conversation begins."""

from unittest import mock

from django.test import override_settings
from django.urls import reverse

from chat.answers import generation
from chat.conversations.conversations import start_conversation
from chat.models import Conversation, Message
from memoryloop.llm.detect import clear_cache
from tests.base import TestCase
from tests.servers.compatible import OpenAIServer

TEXT = "The mitochondrion is the organelle that makes most of the energy of a cell. " * 3


class HomeTests(TestCase):
    def test_it_shows_the_composer_and_the_recent_conversations(self) -> None:
        start_conversation(self.alice, "What is a cell?")
        start_conversation(self.bob, "Bob's secret plan")
        self.log_in()

        page = self.client.get(reverse("chat:home"))

        self.assertContains(page, "What is a cell?")
        self.assertNotContains(page, "secret")
        self.assertContains(page, "Make cards from this")

    def test_it_says_who_answers_before_the_first_question(self) -> None:
        self.log_in()
        with OpenAIServer(ollama=True) as server, override_settings(OLLAMA_URL=server.root):
            clear_cache()
            page = self.client.get(reverse("chat:home"))
        clear_cache()

        self.assertContains(page, "Ollama · llama3.2:latest answers you")

        page = self.client.get(reverse("chat:home"))

        self.assertContains(page, "No model is connected yet")
        start_conversation(self.alice, "What is a cell?")
        self.assertNotContains(self.client.get(reverse("chat:home")), "No model is connected")

    def test_it_wants_a_learner_who_is_logged_in(self) -> None:
        self.assertRedirects(
            self.client.get(reverse("chat:home")),
            f"{reverse('accounts:login')}?next={reverse('chat:home')}",
        )

    def test_it_takes_no_post(self) -> None:
        self.log_in()
        self.assertEqual(self.client.post(reverse("chat:home")).status_code, 405)

    def test_its_queries_do_not_grow_with_the_conversations(self) -> None:
        self.log_in()
        for _ in range(12):
            start_conversation(self.alice, "A question")
        # Session, learner, conversations.
        with self.assertNumQueries(3):
            self.client.get(reverse("chat:home"))


@mock.patch.object(generation, "start", autospec=True)
class StartTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.url = reverse("chat:start")

    def test_it_stores_the_message_and_has_it_answered(self, start: mock.Mock) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            response = self.client.post(self.url, {"content": "What is a cell?", "action": "ask"})

        conversation = Conversation.objects.get()
        self.assertRedirects(response, conversation.get_absolute_url())
        self.assertEqual(conversation.title, "What is a cell?")
        message, answer = conversation.messages.all()
        self.assertEqual((message.role, message.content), ("user", "What is a cell?"))
        self.assertEqual((answer.role, answer.status), ("assistant", "streaming"))
        start.assert_called_once()

    def test_the_page_says_that_an_answer_is_coming_without_script(self, start: mock.Mock) -> None:
        page = self.client.post(self.url, {"content": "What is a cell?"}, follow=True)

        self.assertContains(page, '<noscript><meta http-equiv="refresh" content="2"></noscript>')
        self.assertContains(page, "data-stream")
        self.assertContains(page, "Stop")

    def test_making_cards_stores_the_text_and_asks_nobody(self, start: mock.Mock) -> None:
        response = self.client.post(self.url, {"content": TEXT, "action": "cards"})

        message = Message.objects.get()
        self.assertRedirects(
            response,
            reverse("flashcards:make", args=[message.id]),
            fetch_redirect_response=False,
        )
        start.assert_not_called()

    def test_nothing_is_refused_in_words(self, start: mock.Mock) -> None:
        for content in ("", "   ", "\n\t"):
            with self.subTest(content):
                response = self.client.post(self.url, {"content": content})
                self.assertContains(response, "nothing to send", status_code=422)
        self.assertFalse(Conversation.objects.exists())
        start.assert_not_called()

    def test_too_long_a_text_is_refused_and_kept(self, start: mock.Mock) -> None:
        response = self.client.post(self.url, {"content": "x" * 50_001})

        self.assertContains(response, "50,001", status_code=422)
        self.assertContains(response, "x" * 50_001, status_code=422)

    def test_the_longest_text_is_taken(self, start: mock.Mock) -> None:
        # Sent as a form, a line end is two characters; it counts as one.
        content = "ä\r\n" * 25_000

        self.assertEqual(self.client.post(self.url, {"content": content}).status_code, 302)
        self.assertEqual(len(Message.objects.get(position=0).content), 50_000)

    def test_too_few_words_make_no_cards(self, start: mock.Mock) -> None:
        response = self.client.post(self.url, {"content": "A cell.", "action": "cards"})

        self.assertContains(response, "2 words", status_code=422)
        self.assertContains(response, "A cell.</textarea>", status_code=422)

    def test_texts_without_spaces_between_words_make_cards(self, start: mock.Mock) -> None:
        for text, enough in (
            ("量子纠缠是量子力学中的一种现象。" * 4, True),
            ("光合作用は葉緑体で行われる反応である。" * 4, True),
            ("การเรียนรู้ภาษาไทยเป็นเรื่องสนุกมาก" * 4, True),
            ("量子纠缠。", False),
        ):
            response = self.client.post(self.url, {"content": text, "action": "cards"})
            self.assertEqual(response.status_code, 302 if enough else 422, text)

    def test_an_action_that_is_none_is_refused(self, start: mock.Mock) -> None:
        response = self.client.post(self.url, {"content": "Hi", "action": "explode"})

        self.assertEqual(response.status_code, 422)

    def test_it_takes_no_get_and_nobody_unknown(self, start: mock.Mock) -> None:
        self.assertEqual(self.client.get(self.url).status_code, 405)
        self.client.logout()
        self.assertEqual(self.client.post(self.url, {"content": "Hi"}).status_code, 302)
        self.assertFalse(Message.objects.exists())
