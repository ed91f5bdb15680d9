"""Run the background worker: embeddings, checkpoints and whatever else need not be waited for."""

import os
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

# A job that is cut off is not lost: it runs again.
GRACE_SECONDS = 5
CONCURRENCY = 4


class Command(BaseCommand):
    help = "Run the background worker (as `manage.py serve` does)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--until-stdin-closes",
            action="store_true",
            help="stop when standard input ends, so that whoever holds it takes us along",
        )

    def handle(self, *_args: Any, until_stdin_closes: bool, **_options: Any) -> None:
        if until_stdin_closes:
            threading.Thread(target=_stop_when_stdin_closes, daemon=True).start()
        call_command(
            "procrastinate",
            "worker",
            f"--concurrency={CONCURRENCY}",
            f"--shutdown-graceful-timeout={GRACE_SECONDS}",
            # Done is done: a job's arguments may name somebody (a password's reset).
            "--delete-jobs=successful",
        )


def _stop_when_stdin_closes() -> None:
    # Not sys.stdin: its lock would be held while the interpreter ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
