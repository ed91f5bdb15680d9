"""Commands of `manage.py`, run one after another in one process: `python -m tests.commands`.

Standard input has a line of JSON for each command, its arguments; standard output one for each
result: the exit status and what the command printed, on both streams. To start a process takes a
second; most commands take a few hundredths of one.
"""

import contextlib
import io
import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence

from tests import forks


class CommandProcess:
    """A process that runs commands in one environment. It begins with the first of them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._process: forks.Fork | None = None

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command; return its exit status and what it printed, on either stream."""
        if self._process is None:
            self._process = forks.start(["-m", "tests.commands"], self._environment)
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        status, printed, complained = json.loads(self._process.stdout.readline())
        return status, printed, complained

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None


def run(arguments: Sequence[str]) -> tuple[int, str, str]:
    """Run one command as `manage.py` does, and leave nothing open for the next."""
    from django.db import connections
    from django.db.backends.postgresql.base import DatabaseWrapper

    from memoryloop.command_line import Commands

    printed, complained = io.StringIO(), io.StringIO()
    status = 0
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
        try:
            Commands(["manage.py", *arguments]).execute()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
            if isinstance(end.code, str):
                complained.write(f"{end.code}\n")
        except Exception:
            traceback.print_exc()
            status = 1
    for connection in connections.all(initialized_only=True):
        connection.close()
        if isinstance(connection, DatabaseWrapper):
            connection.close_pool()
    return status, printed.getvalue(), complained.getvalue()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    results = sys.stdout
    for line in sys.stdin:
        results.write(json.dumps(run(json.loads(line))) + "\n")
        results.flush()


if __name__ == "__main__":
    main()
