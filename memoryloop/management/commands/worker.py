"""Run the background worker: embeddings, checkpoints and whatever else need not be waited for."""

import asyncio
import gc
import os
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from memoryloop.postgres import unreachable
from memoryloop.server import free_memory, job_slots, readings
from memoryloop.watching import telemetry

NICENESS = 10
# A step of an import makes hundreds of thousands of objects and hardly any garbage. Looking for it
# as often as Python does by default took a quarter of its time.
COLLECTING = (50_000, 20, 20)


class Command(BaseCommand):
    help = "Run the background worker (as `manage.py serve` does)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--until-stdin-closes",
            action="store_true",
            help="stop when standard input ends, so that whoever holds it takes us along",
        )

    def handle(self, *_args: Any, until_stdin_closes: bool, **_options: Any) -> None:
        gc.set_threshold(*COLLECTING)
        free_memory.limit()
        free_memory.begin()
        readings.register()
        telemetry.begin("worker")
        if until_stdin_closes:
            # It shares the machine with the web server, and somebody waits for that.
            os.nice(NICENESS)
            threading.Thread(target=_stop_when_stdin_closes, daemon=True).start()
        connector = app.connector
        assert isinstance(connector, DjangoConnector)  # noqa: S101 - procrastinate's, for Django
        try:
            with app.replace_connector(connector.get_worker_connector()) as working:
                asyncio.run(job_slots.work(working))
        except (ConnectorException, PoolTimeout) as error:
            if unreachable.is_for_want_of_room(error):
                raise CommandError("The disk is full: jobs wait until there is room.") from error
            raise CommandError(
                f"PostgreSQL does not answer: {error.__cause__ or error}."
            ) from error
        finally:
            telemetry.end()


def _stop_when_stdin_closes() -> None:
    # Not sys.stdin: its lock would be held while the interpreter ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
