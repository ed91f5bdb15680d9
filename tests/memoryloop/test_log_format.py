"""The log: a full disk takes a line, any other error has its traceback."""

import errno
import logging
import sys
from typing import Any
from unittest import mock

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError

from memoryloop import log_format
from memoryloop.postgres import unreachable

FULL: list[Exception] = [
    OSError(errno.ENOSPC, "No space left on device"),
    psycopg.errors.DiskFull('could not extend file\nCONTEXT: INSERT INTO x VALUES ("a secret")'),
    RuntimeError("lance error: LanceError(IO): No space left on device (os error 28), fs.rs:1"),
]


def written(error: Exception) -> str:
    """Return what the log has of a job that met an error, as the cause of another."""
    formatter = log_format.Formatter("%(levelname)s %(message)s")
    try:
        try:
            raise error
        except Exception as inner:
            raise LookupError("the job failed") from inner
    except LookupError:
        record = logging.LogRecord(
            "jobs", logging.ERROR, __file__, 1, "Job %s\nfailed.", ("a",), sys.exc_info()
        )
    told = formatter.format(record)
    assert record.exc_info, "another handler's record was changed"
    return told


@pytest.mark.parametrize("error", FULL)
def test_a_full_disk_is_one_line_that_says_what_and_where(error: Exception) -> None:
    line = written(error)
    assert line.count("\n") == 0
    assert line.startswith("ERROR Job a failed. [the disk is full: ")
    assert str(error).splitlines()[0].rstrip(".") in line
    assert "test_log_format.py:" in line
    assert "a secret" not in line


def test_other_errors_have_their_traceback() -> None:
    assert "Traceback" in written(OSError(errno.EACCES, "Permission denied"))


def test_a_database_that_stopped_for_want_of_room_is_a_full_disk() -> None:
    gone = OperationalError("x")
    gone.__cause__ = psycopg.OperationalError("connection failed: refused")
    assert "Traceback" in written(gone)
    with mock.patch.object(unreachable, "is_out_of_space", autospec=True, return_value=True):
        assert "\n" not in written(gone)


def test_it_is_how_the_log_is_written() -> None:
    plain: Any = settings.LOGGING["formatters"]
    assert plain["plain"]["class"] == (f"{log_format.__name__}.{log_format.Formatter.__name__}")
