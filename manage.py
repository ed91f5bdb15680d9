#!/usr/bin/env python3
"""Run MemoryLoop's commands. `manage.py serve` runs the whole application."""

import os
import sys

from django.core.management import execute_from_command_line

from memoryloop.postgres import PostgresError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    try:
        execute_from_command_line(sys.argv)
    except PostgresError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
