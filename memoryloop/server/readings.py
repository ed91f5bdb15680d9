"""What the queues, the worker and PostgreSQL's pool show to whoever watches."""

import functools
from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.db.models import Count, F, Max, Min, Q
from django.utils import timezone
from procrastinate.contrib.django.models import (
    ProcrastinateEvent,
    ProcrastinateJob,
    ProcrastinateWorker,
)

from memoryloop.server import queues
from memoryloop.watching.gauges import (
    Gauge,
    Reading,
    register_of_installation,
    register_of_process,
)

_QUEUE = ("queue",)
WAITING = Gauge("jobs_waiting", "Jobs that could begin, by queue.", _QUEUE)
RUNNING = Gauge("jobs_running", "Jobs that are being done, by queue.", _QUEUE)
FAILED = Gauge("jobs_failed", "Jobs that failed and are kept, by queue.", _QUEUE)
OLDEST = Gauge(
    "oldest_job_age_seconds", "How long ago the job was asked for that waits longest.", _QUEUE
)
WORKER = Gauge("worker_heartbeat_age_seconds", "How long ago a worker was last heard of.")
POOL_SIZE = Gauge("postgresql_pool_connections", "Connections of this process's pool.")
POOL_IDLE = Gauge("postgresql_pool_idle", "Those of them that nobody uses.")
POOL_MOST = Gauge("postgresql_pool_most", "The most that there may be (DATABASE_POOL).")
POOL_WAITING = Gauge("postgresql_pool_waiting", "Threads that wait for a connection.")

_QUEUES = tuple(name for names, _ in queues.SLOTS for name in names)


@functools.cache
def register() -> None:
    register_of_process(read_pool, POOL_SIZE, POOL_IDLE, POOL_MOST, POOL_WAITING)
    register_of_installation(read_jobs, WAITING, RUNNING, FAILED, OLDEST)
    register_of_installation(read_worker, WORKER)


def age_seconds(reached: timedelta) -> float:
    """Return an age in seconds. Clocks of two machines may differ: never below zero."""
    return max(0.0, reached.total_seconds())


def read_pool() -> Iterator[Reading]:
    pool = connection.pool  # type: ignore[attr-defined]  # django-stubs does not know it
    if pool is None:
        return
    stats = pool.get_stats()
    yield Reading(POOL_SIZE, stats.get("pool_size", 0))
    yield Reading(POOL_IDLE, stats.get("pool_available", 0))
    yield Reading(POOL_MOST, stats.get("pool_max", 0))
    yield Reading(POOL_WAITING, stats.get("requests_waiting", 0))


def read_jobs() -> Iterator[Reading]:
    """Read the queues. Two SQL queries over the jobs that are not done: done ones are deleted."""
    now = timezone.now()
    waits = Q(status="todo") & (Q(scheduled_at=None) | Q(scheduled_at__lte=now))
    rows = ProcrastinateJob.objects.values("queue_name").annotate(
        waiting=Count("id", filter=waits),
        running=Count("id", filter=Q(status="doing")),
        failed=Count("id", filter=Q(status="failed")),
        first=Min("id", filter=waits),
    )
    # Queues of our own only: there may be any in the table.
    of_queue = {row["queue_name"]: row for row in rows if row["queue_name"] in _QUEUES}
    first = [row["first"] for row in of_queue.values() if row["first"] is not None]
    asked = dict(
        ProcrastinateEvent.objects.filter(job_id__in=first)
        .values_list(F("job__queue_name"))
        .annotate(asked=Min("at"))
    )
    for name in _QUEUES:
        row, since = of_queue.get(name, {}), asked.get(name)
        yield Reading(WAITING, row.get("waiting", 0), (name,))
        yield Reading(RUNNING, row.get("running", 0), (name,))
        yield Reading(FAILED, row.get("failed", 0), (name,))
        yield Reading(OLDEST, age_seconds(now - since) if since else 0, (name,))


def read_worker() -> Iterator[Reading]:
    heard = ProcrastinateWorker.objects.aggregate(heard=Max("last_heartbeat"))["heard"]
    if heard is not None:
        yield Reading(WORKER, age_seconds(timezone.now() - heard))
