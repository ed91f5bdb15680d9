"""Many answers being written are stored in one statement, each as far as it has come."""

from datetime import timedelta

from django.utils import timezone

from chat.answers.save_progress import Progress, write_rows
from chat.conversations.conversations import ask, retry_answer, stop_answer
from chat.models import Message
from tests.base import TestCase


class WriteRowsTests(TestCase):
    def answer(self, question: str) -> Message:
        return ask(self.alice, question).answer

    def test_each_answer_gets_its_own_in_one_statement(self) -> None:
        one, two, three = (self.answer(question) for question in ("One", "Two", "Three"))
        stop_answer(three)
        later = timezone.now() + timedelta(seconds=1)

        with self.assertNumQueries(1):
            going_on = write_rows(
                [
                    Progress(one.id, one.created_at, "Größe 🧠", "Claude", "claude-x"),
                    Progress(two.id, two.created_at),
                    Progress(three.id, three.created_at, "Too late"),
                ],
                now=later,
            )

        self.assertEqual(going_on, {one.id, two.id})
        for answer in (one, two, three):
            answer.refresh_from_db()
        self.assertEqual((one.content, one.provider, one.model), ("Größe 🧠", "Claude", "claude-x"))
        self.assertEqual((two.content, two.provider, two.updated_at), ("", "", later))
        self.assertEqual((three.content, three.status), ("", "stopped"))

    def test_an_attempt_that_was_given_up_writes_nothing_over_the_next(self) -> None:
        answer = self.answer("One")
        before = answer.created_at
        Message.objects.filter(id=answer.id).update(status="failed")
        answer.refresh_from_db()
        retry_answer(answer)

        self.assertEqual(
            write_rows([Progress(answer.id, before, "Old")], now=timezone.now()), set()
        )

        answer.refresh_from_db()
        self.assertEqual(answer.content, "")
