"""A learner with a model that drafts in the background, for the tests of batches."""

from typing import Any
from unittest import mock

from django.test import TransactionTestCase, override_settings

from accounts.models import User
from chat.conversations.conversations import start_conversation
from chat.models import Message
from flashcards.drafting import drafting, generation, writing
from flashcards.drafting.origins import of_message
from flashcards.models import DraftBatch
from memoryloop.server import background
from tests.base import PASSWORD
from tests.servers.compatible import OpenAIServer
from tests.waiting import wait_until

TEXT = (
    "Osmosis is the movement of water through a membrane. In 1796 the British doctor Edward Jenner "
    "inoculated James Phipps. A human cell contains 46 chromosomes in its nucleus. "
    "Paris is the capital of France. DNA stands for deoxyribonucleic acid. The heart has four "
    "chambers, and iron rusts because oxygen attacks the metal."
)
Status = DraftBatch.Status


def cards(*questions: str) -> dict[str, Any]:
    return {
        "cards": [
            {"kind": "basic", "question": q, "answer": "46 chromosomes", "quote": "46 chromosomes"}
            for q in questions
        ]
    }


class ModelTestCase(TransactionTestCase):
    """A learner with a model, and a message to make cards from."""

    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", PASSWORD)
        self.message = start_conversation(self.alice, TEXT)
        self.server = self.enterContext(OpenAIServer())
        self.enterContext(override_settings(OPENAI_BASE_URL=self.server.url))
        self.enterContext(mock.patch.object(writing, "HEARTBEAT_SECONDS", 0.05))
        # That weak ones are asked for again has tests of its own.
        self.enterContext(mock.patch.object(generation, "faults", return_value=[]))
        self.addCleanup(background.shutdown)

    def start(self, message: Message | None = None, *, by_rules: bool = False) -> DraftBatch:
        origin = of_message(message or self.message)
        return drafting.start_batch(self.alice, origin, by_rules=by_rules)

    def ended(self, batch: DraftBatch) -> DraftBatch:
        def over() -> bool:
            batch.refresh_from_db()
            return batch.status != Status.WORKING

        wait_until(over)
        return batch
