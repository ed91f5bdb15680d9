"""What the queues, the worker and the pool show to whoever watches."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone

from flashcards.cards import jobs
from memoryloop.server import queues, readings
from memoryloop.watching.gauges import Gauge, Reading


def values(found: Iterable[Reading], gauge: Gauge) -> dict[tuple[str, ...], float]:
    return {reading.labels: reading.value for reading in found if reading.gauge == gauge}


class QueueTests(TransactionTestCase):
    def test_each_queue_tells_how_much_waits_and_for_how_long(self) -> None:
        for _ in range(3):
            jobs.request_import(uuid.uuid4(), uuid.uuid4())
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_events SET at = at - interval '1 hour'")
        jobs.request_import(uuid.uuid4(), uuid.uuid4())
        # One for the jobs, one for when the first of each queue was asked for.
        with self.assertNumQueries(2):
            found = list(readings.read_jobs())
        waiting = values(found, readings.WAITING)
        self.assertEqual(waiting[(queues.WAITED_FOR,)], 4)
        self.assertEqual(waiting[(queues.MAIL,)], 0)
        oldest = values(found, readings.OLDEST)
        self.assertAlmostEqual(oldest[(queues.WAITED_FOR,)], 3600, delta=600)
        self.assertEqual(oldest[(queues.MAIL,)], 0)
        self.assertEqual(
            {labels[0] for labels in waiting}, {name for names, _ in queues.SLOTS for name in names}
        )

    def test_what_is_to_begin_later_or_failed_does_not_wait(self) -> None:
        for _ in range(2):
            jobs.request_import(uuid.uuid4(), uuid.uuid4())
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour' WHERE id = "
                "(SELECT min(id) FROM procrastinate_jobs)"
            )
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'failed' WHERE id = "
                "(SELECT max(id) FROM procrastinate_jobs)"
            )
        found = list(readings.read_jobs())
        self.assertEqual(values(found, readings.WAITING)[(queues.WAITED_FOR,)], 0)
        self.assertEqual(values(found, readings.FAILED)[(queues.WAITED_FOR,)], 1)
        self.assertEqual(values(found, readings.OLDEST)[(queues.WAITED_FOR,)], 0)

    def test_a_worker_tells_when_it_was_last_heard_of(self) -> None:
        self.assertEqual(list(readings.read_worker()), [])
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s)",
                [timezone.now() - timedelta(minutes=5)],
            )
        with self.assertNumQueries(1):
            (found,) = readings.read_worker()
        self.assertAlmostEqual(found.value, 300, delta=60)
