"""Commands of `manage.py`, run one after another in one process: `python -m tests.commands`.

Standard input has a line of JSON for each command, its arguments; standard output one for each
result: the exit status and what the command printed. To start a process takes a second; most
commands take a few hundredths of one.
"""

import contextlib
import io
import json
import os
import sys
import traceback
from collections.abc import Sequence

from memoryloop.command_line import Commands


def run(arguments: Sequence[str]) -> tuple[int, str]:
    """Run one command as `manage.py` does, and return its exit status and what it printed."""
    printed = io.StringIO()
    status = 0
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            Commands(["manage.py", *arguments]).execute()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except Exception:
            traceback.print_exc()
            status = 1
    return status, printed.getvalue()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    results = sys.stdout
    for line in sys.stdin:
        results.write(json.dumps(run(json.loads(line))) + "\n")
        results.flush()


if __name__ == "__main__":
    main()
