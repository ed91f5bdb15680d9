"""The worker's slots: as many procrastinate workers as `queues.SLOTS` says, in one process."""

import asyncio
import concurrent.futures
import contextlib
import logging
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

from procrastinate import App, JobContext
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import DeleteJobCondition, Job, Status

from memoryloop.server import queues
from memoryloop.watching import measures, spans

logger = logging.getLogger(__name__)

# What is not done by then is cut off, and done again by another worker.
GRACE_SECONDS = 5
HEARTBEAT_SECONDS = 10.0
# A worker that has not been heard of for so long is dead.
DEAD_SECONDS = 30.0
TAKE_OVER_SECONDS = 10.0
# A job whose workers died so often may be what killed them.
ATTEMPTS_MOST = 5
# The event loop looks up names in such threads, too.
_SPARE_THREADS = 2


async def work(app: App) -> None:
    """Do jobs until SIGTERM or SIGINT, and then end what is being done."""
    slots = [names for names, count in queues.SLOTS for _ in range(count)]
    loop = asyncio.get_running_loop()
    loop.set_default_executor(
        concurrent.futures.ThreadPoolExecutor(len(slots) + _SPARE_THREADS, "job")
    )
    async with app.open_async():
        working = [asyncio.create_task(_slot(app, names)) for names in slots]
        working.append(asyncio.create_task(_take_over(app)))

        def stop() -> None:
            for task in working:
                task.cancel()

        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stop)
        await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
        # One that ended by itself has lost its database: the process ends, and is begun again.
        stop()
        for ended in await asyncio.gather(*working, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


async def _slot(app: App, names: Sequence[str]) -> None:
    """Do one job of these queues after another.

    A procrastinate worker of its own: it looks for a job whenever one ends. One worker with two
    slots would not notice that a job's lock has become free.
    """
    await app.run_worker_async(
        # psycopg makes an array of a list only.
        queues=list(names),
        concurrency=1,
        install_signal_handlers=False,
        shutdown_graceful_timeout=GRACE_SECONDS,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=DEAD_SECONDS,
        # Done is done: a job's arguments may name somebody (a password's reset).
        delete_jobs=DeleteJobCondition.SUCCESSFUL,
        task_middleware=[_watched],
    )


def _watched(task: Callable[[], Any], context: JobContext, _worker: Any) -> Any:
    """Do a job in its thread, and record how long it took; its arguments are nobody's business."""
    job, began, end = context.job, time.perf_counter(), "failed"
    try:
        with spans.span(
            job.task_name,
            memoryloop__job__task=job.task_name,
            memoryloop__job__queue=job.queue,
            memoryloop__job__attempt=job.attempts + 1,
        ):
            result = task()
        end = "done"
        return result
    finally:
        measures.record(measures.JOB, time.perf_counter() - began, job.task_name, end)


async def _take_over(app: App) -> None:
    """Give back to their queue the jobs of workers that have died."""
    seen: set[int | None] = set()
    while True:
        # In the queue of earlier versions there may be jobs that were given up years ago.
        stalled = [
            job for job in await app.job_manager.get_stalled_jobs() if job.queue != queues.BEFORE
        ]
        for job in stalled:
            # At the second look only: after the machine has slept, workers that live are late to
            # say so.
            if job.id in seen:
                await _give_back(app, job)
        seen = {job.id for job in stalled}
        await asyncio.sleep(TAKE_OVER_SECONDS)


async def _give_back(app: App, job: Job) -> None:
    logger.warning("The worker of %s has died.", job.task_name)
    try:
        if job.attempts < ATTEMPTS_MOST:
            with contextlib.suppress(UniqueViolation):
                await app.job_manager.retry_job(job)
                return
        # It was tried too often, or the same has been asked for again and waits.
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    except ConnectorException:
        # Another worker was quicker.
        logger.debug("%s was taken over already.", job.task_name)
