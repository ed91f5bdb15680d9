"""The journey of a question: from the form to the last word of the answer on the page."""

from flashcards import store
from memoryloop.server import background
from tests.architecture.tracing import trace
from tests.chat.asgi import StreamingTestCase
from tests.flashcards.given_cards import give_many

# The rooms that docs/architecture.md names, and those of every page.
ROOMS = (
    *("chat", "chat/answers", "chat/conversations", "chat/models", "chat/recall", "chat/web"),
    *("accounts", "memoryloop"),
    # What bears on the question among the learner's cards, and what a message offers.
    *("flashcards/tutor", "flashcards/web", "flashcards/templatetags"),
    *("flashcards/cards", "flashcards/review", "flashcards/search", "flashcards/study_settings"),
    *("flashcards/scheduling", "flashcards/store", "flashcards/models", "flashcards/domain"),
)
CHAT_MAY_NOT_CALL = "flashcards/"


class QuestionJourneyTests(StreamingTestCase):
    def test_it_stays_in_its_rooms_and_goes_down_only(self) -> None:
        give_many(self.alice, 5)
        store.checkpoint_all()
        # What is imported with the first question, and threads that run already, are not traced.
        self.finished(self.ask("What is life?"), timeout_seconds=60)
        background.shutdown()
        self.claude.reply("A cell is the smallest unit of life.")

        with trace() as journey:
            answer = self.ask("What is a cell?")
            events = self.all_events(answer)
            self.finished(answer, timeout_seconds=60)

        self.assertIn("smallest unit", str([event.data for event in events]))
        self.assertEqual(journey.outside(*ROOMS), [], journey.listing())
        # What it is given to run, it runs.
        upward = [
            str(call)
            for call in journey.upward_calls()
            if not call.caller.startswith("memoryloop/server/background.py")
        ]
        self.assertEqual(upward, [], journey.listing())
        calls = [str(c) for c in journey.calls if c.caller.startswith("chat/")]
        self.assertEqual([call for call in calls if f"-> {CHAT_MAY_NOT_CALL}" in call], [])
        for file in ("chat/answers/generation.py", "chat/recall/prompts.py", "memoryloop/llm/"):
            self.assertTrue(any(path.startswith(file) for path in journey.files), file)
