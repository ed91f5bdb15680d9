"""How the log is written: a full disk takes one line, not a traceback.

While a disk is full nearly every request and job meets it, and each would fill the log, which may
be on that disk, with the same hundred lines.
"""

import copy
import logging
import traceback

from memoryloop.errors import says_full
from memoryloop.postgres import unreachable


class Formatter(logging.Formatter):
    """Python's, but of an error of a full disk it says what was said and where, in a line."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and unreachable.is_for_want_of_room(error):
            # A copy: other handlers have the record as it is.
            record = copy.copy(record)
            record.msg, record.args = f"{_one_line(record.getMessage())} {_reason(error)}", ()
            record.exc_info = record.exc_text = record.stack_info = None
        return super().format(record)


def _reason(error: BaseException) -> str:
    cause = says_full(error) or error
    # Further lines may have a statement with its values.
    said = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    frames = traceback.extract_tb(cause.__traceback__)
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"[the disk is full: {said.rstrip('.')}{where}]"


def _one_line(text: str) -> str:
    return " ".join(text.split())
