#!/usr/bin/env python3
"""Run MemoryLoop's commands. `manage.py serve` runs the whole application."""

import atexit
import gc
import os
import sys

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


class Commands(ManagementUtility):
    def fetch_command(self, subcommand: str) -> BaseCommand:
        """Return a command. By now Django is set up: what is made from here on may be garbage."""
        command = super().fetch_command(subcommand)
        gc.freeze()
        gc.enable()
        return command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    try:
        Commands(sys.argv).execute()
    except (PostgresError, ImproperlyConfigured) as error:
        # What is wrong is outside of the program, and the sentence says where.
        if "--traceback" in sys.argv:
            raise
        sys.exit(str(error))
    except OperationalError as error:
        sentence = unreachable.sentence(error)
        if not sentence or "--traceback" in sys.argv:
            raise
        sys.exit(sentence)


if __name__ == "__main__":
    main()
