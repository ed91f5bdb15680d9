"""A learner with a text, for the tests of the tray."""

import uuid

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from chat.conversations.conversations import start_conversation
from chat.models import Message
from flashcards.drafting import drafting
from flashcards.drafting.origins import of_message
from flashcards.models import DraftBatch
from tests.base import TestCase

TEXT = (
    "Osmosis is the movement of water through a membrane. In 1796 the British doctor Edward Jenner "
    "inoculated James Phipps. A human cell contains 46 chromosomes in its nucleus. World War II "
    "began on 1 September 1939, when Germany invaded Poland, which had done nothing to provoke it "
    "and was soon defeated. Iron rusts because it reacts with oxygen and water. Paris is the "
    "capital of France. DNA stands for deoxyribonucleic acid. The heart has four chambers."
)
HTMX = {"HX-Request": "true"}
Status = DraftBatch.Status


class TrayTestCase(TestCase):
    message: Message

    def setUp(self) -> None:
        self.message = start_conversation(self.alice, TEXT)
        self.url = reverse("flashcards:make", args=[self.message.id])
        self.log_in()

    def begin(self) -> DraftBatch:
        return drafting.start_batch(self.alice, of_message(self.message))

    def address(self, name: str, of: uuid.UUID) -> str:
        return reverse(f"flashcards:{name}", args=[of])

    def html(self, response: HttpResponseBase) -> str:
        assert isinstance(response, HttpResponse)
        return response.content.decode()
