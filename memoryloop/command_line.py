"""Django's commands: those of `manage.py`, and of `memoryloop` where a wheel is installed."""

import atexit
import gc
import os
import sys
from collections.abc import Sequence

# Nothing that a start makes is garbage, and to look for some costs a third of it; at the end the
# system takes all of it back at once.
gc.disable()
atexit.register(gc.freeze)

from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.management import ManagementUtility  # noqa: E402
from django.core.management.base import BaseCommand  # noqa: E402
from django.db import OperationalError  # noqa: E402

from memoryloop.postgres import unreachable  # noqa: E402
from memoryloop.postgres.server import PostgresError  # noqa: E402

_FULL = (
    "The disk is full: make room, and run this again. What was saved before is safe, and what was "
    "cut off is done again."
)


class Commands(ManagementUtility):
    def fetch_command(self, subcommand: str) -> BaseCommand:
        """Return a command. By now Django is set up: what is made from here on may be garbage."""
        command = super().fetch_command(subcommand)
        gc.freeze()
        gc.enable()
        return command


def manage(arguments: Sequence[str] | None = None) -> None:
    """Run a command as manage.py does; by default that of the command line."""
    words = list(sys.argv if arguments is None else arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    try:
        Commands(words).execute()
    except Exception as error:
        # What is wrong is outside of the program, and the sentence says where.
        sentence = "" if "--traceback" in words else _sentence(error)
        if not sentence:
            raise
        sys.exit(sentence)


def _sentence(error: Exception) -> str:
    """Return a sentence for an error whose cause is outside of the program; else nothing."""
    if unreachable.is_for_want_of_room(error):
        return _FULL
    if isinstance(error, ImproperlyConfigured):
        return str(error)
    if isinstance(error, OperationalError):
        return unreachable.sentence(error)
    return str(error) if isinstance(error, PostgresError) else ""
