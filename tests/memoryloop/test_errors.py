"""A full disk is told from other errors, whoever says so, and a command says it in a sentence."""

import errno
from unittest import mock

import psycopg
import pytest
from django.db import OperationalError, connection

from memoryloop import command_line
from memoryloop.errors import DISK_FULL, is_disk_full, sentence_of
from memoryloop.postgres import unreachable
from memoryloop.postgres.server import PostgresError

FULL: list[Exception] = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    psycopg.errors.DiskFull("could not extend file"),
    RuntimeError("lance error: LanceError(IO): No space left on device (os error 28), fs.rs:1"),
    PostgresError("PostgreSQL turns us away (could not write init file: No space left on device)"),
]
OTHERS: list[Exception] = [
    OSError(errno.EACCES, "Permission denied"),
    psycopg.errors.UniqueViolation("duplicate key"),
    RuntimeError("lance error: not found"),
    KeyError("disk"),
]


def said(error: Exception, *words: str) -> str:
    """Return what a command says that meets an error."""
    with (
        mock.patch.object(command_line.Commands, "execute", autospec=True, side_effect=error),
        pytest.raises(SystemExit) as ended,
    ):
        command_line.manage(["manage.py", "checkpoint", *words])
    return str(ended.value.code)


@pytest.mark.parametrize("error", FULL)
def test_a_full_disk_is_a_sentence(error: Exception) -> None:
    assert is_disk_full(error)
    assert said(error).startswith("The disk is full: make room")
    # Also where it is only the cause of another error.
    outer = OperationalError("what Django makes of it")
    outer.__cause__ = error
    assert said(outer).startswith("The disk is full: make room")
    with pytest.raises(type(error)):
        said(error, "--traceback")


@pytest.mark.parametrize("error", FULL)
def test_work_that_was_cut_off_by_one_says_so(error: Exception) -> None:
    outer = LookupError("the job failed")
    outer.__context__ = error
    assert sentence_of(outer, "Something else.") == DISK_FULL
    assert sentence_of(LookupError(), "Something else.") == "Something else."


@pytest.mark.parametrize("error", OTHERS)
def test_other_errors_are_not_taken_for_one(error: Exception) -> None:
    assert not is_disk_full(error)
    with pytest.raises(type(error)):
        said(error)


def test_a_server_that_stopped_for_want_of_room_is_a_full_disk() -> None:
    gone = PostgresError("PostgreSQL could not be started: see the log.")
    assert said(gone) == str(gone)
    with mock.patch.object(unreachable, "is_out_of_space", autospec=True, return_value=True):
        assert said(gone).startswith("The disk is full")


def test_postgresql_itself_says_so_by_its_state(db: None) -> None:
    statement = "DO $$ BEGIN RAISE 'no room' USING ERRCODE = '53100'; END $$"
    with pytest.raises(OperationalError) as met, connection.cursor() as cursor:
        cursor.execute(statement)
    assert is_disk_full(met.value)
