"""The worker's queues: every kind of job has slots, and a learner one job of a kind waiting."""

import uuid

from django.test import TransactionTestCase
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from flashcards.cards import jobs
from memoryloop.server import queues

# What procrastinate brings and nobody asks for.
_BUILTIN = "builtin"


class QueueTests(TransactionTestCase):
    def test_every_task_is_in_a_queue_of_its_kind(self) -> None:
        with_slots = {name for names, count in queues.SLOTS for name in names if count}
        kinds = with_slots - {queues.BEFORE}
        found = {name: task.queue for name, task in app.tasks.items()}
        wrong = {
            name: queue
            for name, queue in found.items()
            if queue not in kinds and not queue.startswith(_BUILTIN)
        }
        self.assertEqual(wrong, {})
        self.assertEqual(kinds, set(found.values()) & kinds)
        self.assertIn(queues.BEFORE, with_slots)

    def test_mail_and_checkpoints_share_their_slots_with_nothing(self) -> None:
        tasks = {name: task.queue for name, task in app.tasks.items()}
        in_queue = {
            queue: sorted(name for name, each in tasks.items() if each == queue)
            for queue in (queues.CHECKPOINT, queues.MAIL)
        }
        self.assertEqual(in_queue[queues.CHECKPOINT], [jobs.CHECKPOINT])
        self.assertTrue(all(".send_" in name for name in in_queue[queues.MAIL]))

    def test_a_learner_has_one_job_of_a_kind_waiting_however_many_they_ask_for(self) -> None:
        alice, bob = uuid.uuid4(), uuid.uuid4()
        for _ in range(5):
            jobs.request_import(alice, uuid.uuid4())
            jobs.request_bulk(alice, uuid.uuid4())
        jobs.request_import(bob, uuid.uuid4())
        waiting = ProcrastinateJob.objects.order_by("id").values_list("task_name", "lock")
        self.assertEqual(
            list(waiting),
            [
                (jobs.IMPORT, f"{jobs.IMPORT}:{alice}"),
                (jobs.BULK, f"{jobs.BULK}:{alice}"),
                (jobs.IMPORT, f"{jobs.IMPORT}:{bob}"),
            ],
        )
