"""Health checks: GET /healthz reports whether everything works.

Apps register their checks from their AppConfig; this module imports no app.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta

from django.conf import settings
from django.db import connection, connections
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateWorker

from memoryloop import disk_space
from memoryloop.embeddings import EmbeddingError, remote
from memoryloop.postgres import unreachable

logger = logging.getLogger(__name__)

# The result is shown; None is shown as "ok".
Check = Callable[[], int | str | None]

TIME_LIMIT_SECONDS = 3.0
# The worker writes its heartbeat every 10 s.
HEARTBEAT = timedelta(minutes=1)


class FailingError(Exception):
    """A check failed. The message is public: it holds no address, name or secret."""


_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Add a check, or replace the one of that name.

    It runs in a thread with its own database connection and a limit of 3 s. Any error makes the
    report unhealthy. The message of a FailingError is shown; other errors are only logged.
    """
    _checks[name] = check


def report() -> tuple[bool, dict[str, int | str]]:
    """Run all checks in parallel; return whether all passed, and the finding of each."""
    deadline = time.monotonic() + TIME_LIMIT_SECONDS
    running = {name: _begin(check) for name, check in _checks.items()}
    findings: dict[str, int | str] = {}
    healthy = True
    for name, future in running.items():
        try:
            finding = future.result(max(0.0, deadline - time.monotonic()))
            findings[name] = "ok" if finding is None else finding
        except Exception as error:
            healthy = False
            findings[name] = f"failing: {_words(name, error)}"
    return healthy, findings


def _begin(check: Check) -> Future[int | str | None]:
    """Run a check in a daemon thread, which delays neither other checks nor the exit."""
    future: Future[int | str | None] = Future()

    def run() -> None:
        try:
            future.set_result(check())
        except Exception as error:
            future.set_exception(error)
        finally:
            connections.close_all()

    threading.Thread(target=run, name="health", daemon=True).start()
    return future


def _words(name: str, error: Exception) -> str:
    if isinstance(error, FailingError):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"no answer within {TIME_LIMIT_SECONDS:.0f} s"
    logger.error("The health check of %s failed", name, exc_info=error)
    return "the server's log says why"


def check_postgresql() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:
        raise FailingError("PostgreSQL does not answer") from error


def check_worker() -> str | None:
    try:
        alive = ProcrastinateWorker.objects.filter(
            last_heartbeat__gt=timezone.now() - HEARTBEAT
        ).exists()
    except Exception as error:
        raise FailingError("PostgreSQL does not say") from error
    if not alive and unreachable.is_out_of_space():
        # It cannot even say that it is there. Pages are read without it.
        return "waits until the disk has room"
    if not alive:
        raise FailingError("no background worker has been heard of within a minute")
    return None


def check_disk() -> str | None:
    """Tell whether a disk is full or nearly so, which is no reason not to send readers here."""
    free = disk_space.free_bytes()
    if free < disk_space.FULL_BYTES:
        return f"full: {free // 1024**2} MB left, and nothing more may be saved until there is room"
    return f"low: {free // 1024**2} MB left" if free < disk_space.LOW_BYTES else None


def check_embedding_model() -> str | None:
    """Ask the model of the operator's own server. Without it all works, only search knows less."""
    asked = remote.from_settings()
    if asked is None:
        return None
    try:
        asked.embed_query("health")
    except EmbeddingError as error:
        logger.warning("The embedding model does not answer. %s", error.sentence)
        return "does not answer: search goes by words"
    return None


register("postgresql", check_postgresql)
register("worker", check_worker)
register("disk", check_disk)
if settings.EMBEDDING_MODEL:
    register("embedding_model", check_embedding_model)
