#!/usr/bin/env python3
"""Run MemoryLoop's commands. `manage.py serve` runs the whole application."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

from memoryloop import unreachable
from memoryloop.postgres import PostgresError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    try:
        execute_from_command_line(sys.argv)
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
