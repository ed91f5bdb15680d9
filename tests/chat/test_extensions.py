"""What a message may be sent for besides an answer."""

from unittest import mock

from django.urls import reverse

from chat.conversations.conversations import MessageError
from chat.models import Message
from chat.web import extensions
from chat.web.extensions import SendAction
from tests.base import TestCase


def refuse_short(content: str) -> None:
    if len(content) < 10:
        raise MessageError("That is too short to frame.")


class SendActionTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.enterContext(mock.patch.object(extensions, "_actions", {}))
        extensions.register(SendAction("frame", refuse_short, lambda message: f"/#{message.id}"))

    def send(self, content: str, action: str = "frame") -> object:
        return self.client.post(reverse("chat:start"), {"content": content, "action": action})

    def test_the_message_is_stored_unanswered_and_its_page_follows(self) -> None:
        response = self.send("A text that is long enough")

        message = Message.objects.get()
        self.assertRedirects(response, f"/#{message.id}", fetch_redirect_response=False)  # type: ignore[arg-type] # a response
        self.assertEqual(message.role, Message.Role.USER)

    def test_a_text_that_is_not_fit_is_refused_with_its_sentence(self) -> None:
        response = self.send("Short")

        self.assertContains(response, "That is too short to frame.", status_code=422)  # type: ignore[arg-type] # a response
        self.assertFalse(Message.objects.exists())

    def test_an_action_that_nobody_registered_is_refused(self) -> None:
        response = self.send("A text that is long enough", "sing")

        self.assertContains(response, "A text that is long enough", status_code=422)  # type: ignore[arg-type] # a response
        self.assertFalse(Message.objects.exists())
