"""What a first answer brings besides its words, with the real SDK: a title, and what was told."""

import time

from chat.models import Conversation
from chat.recall import answer_context
from tests.chat.asgi import StreamingTestCase

LONG = "I have an exam on Friday and understand nothing of how mitochondria make energy for a cell"


class FirstAnswerTests(StreamingTestCase):
    def titled(self, conversation: Conversation, *, timeout_seconds: float = 10) -> str:
        """Return the title once a model has given it."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            conversation.refresh_from_db()
            if conversation.title_by == Conversation.TitleBy.MODEL:
                return conversation.title
            time.sleep(0.02)
        raise AssertionError("No model has given a title.")

    def test_the_model_names_the_conversation_once_it_has_answered(self) -> None:
        self.claude.reply("A mitochondrion makes ATP.")
        self.claude.script(structured={"title": "Mitochondria and ATP."})

        answer = self.finished(self.ask(LONG))

        self.assertEqual(self.titled(answer.conversation), "Mitochondria and ATP")
        self.assertEqual(answer.content, "A mitochondrion makes ATP.")
        talk, title = (request.json for request in self.claude.questions())
        self.assertNotIn("effort", talk.get("output_config", {}))
        self.assertEqual(title["output_config"]["effort"], "low")

    def test_what_is_shown_as_sent_is_what_came_to_the_provider(self) -> None:
        self.claude.reply("It is the smallest unit of life.")
        answer = self.finished(self.ask("What is a cell?"))

        told = answer_context.sent(self.alice, answer)

        assert told is not None
        request = next(item for item in self.claude.requests if item.path == "/v1/messages")
        system = request.json["system"]
        text = system if isinstance(system, str) else "".join(part["text"] for part in system)
        self.assertEqual(told.system, text)
        self.assertEqual([message.content for message, _ in told.messages], ["What is a cell?"])

    def test_what_was_told_is_kept_of_an_answer_that_failed_too(self) -> None:
        for _ in range(2):
            self.claude.script(status=529)
        answer = self.finished(self.ask("What is a cell?"))

        self.assertEqual(answer.status, "failed")
        self.assertIsNotNone(answer_context.sent(self.alice, answer))
