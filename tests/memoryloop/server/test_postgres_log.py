"""The embedded server's log: what it tells nobody, who reads it, how much of it is kept."""

import contextlib
import os
import signal
import stat
from pathlib import Path

import psycopg
import pytest

from memoryloop.postgres.server import EmbeddedPostgres
from tests.memoryloop.server.processes import Holder, ask, server_of, until

VALUE = "my-secret-diary"
TABLE = "CREATE TABLE kept (id int PRIMARY KEY, words text UNIQUE CHECK (words <> 'no'), n uuid)"
# Each fails, and each has the value in another part of PostgreSQL's report.
FAILING = (
    f"SELECT '{VALUE}'::uuid",
    f"SELECT '{VALUE}'::int",
    f"SELECT '{{{VALUE}'::jsonb",
    f"SELECT '{VALUE} &'::tsquery",
    f"SELECT to_date('{VALUE}', 'YYYY')",
    f"SELECT '{VALUE}' FROM missing",
    f'SELECT "{VALUE}"',
    f"INSERT INTO kept VALUES (1, '{VALUE}')",
    f"INSERT INTO kept VALUES (2, '{VALUE}')",
    f"INSERT INTO kept VALUES (NULL, '{VALUE}')",
    f"UPDATE kept SET words = 'no' WHERE words = '{VALUE}'",
    f"SELECT 1 / 0 -- {VALUE}",
    f"SELECT {VALUE} syntax",
    f"DO $$ BEGIN RAISE EXCEPTION 'about {VALUE}'; END $$",
    f"DO $$ BEGIN RAISE WARNING 'about {VALUE}'; END $$",
)


def session(folder: Path) -> "psycopg.Connection[tuple[object, ...]]":
    settings = EmbeddedPostgres(folder).django_settings()
    return psycopg.connect(
        host=settings["HOST"], dbname=settings["NAME"], user=settings["USER"], autocommit=True
    )


def fail_in_all_ways(folder: Path) -> None:
    with session(folder) as connection:
        connection.execute(TABLE)
        connection.execute("INSERT INTO kept VALUES (1, %s)", (VALUE,))
        for statement in FAILING:
            with contextlib.suppress(psycopg.Error):
                connection.execute(statement)
        for query in ("SELECT %s::uuid", "INSERT INTO kept VALUES (3, %s)", "SELECT %s::float"):
            with pytest.raises(psycopg.Error):
                connection.execute(query, (VALUE,))
        with (
            pytest.raises(psycopg.Error),
            connection.cursor() as cursor,
            cursor.copy("COPY kept FROM STDIN") as copy,
        ):
            copy.write(f"x\t{VALUE}\tz\n")
        connection.execute("SET statement_timeout = 20")
        with pytest.raises(psycopg.Error):
            connection.execute(f"SELECT pg_sleep(1), '{VALUE}'")


def test_it_holds_no_value_of_a_statement_that_failed(folder: Path) -> None:
    with EmbeddedPostgres(folder).running():
        fail_in_all_ways(folder)
        log = (folder / "server.log").read_text()
    assert VALUE not in log
    assert "ERROR" not in log
    # What befalls the server is there.
    assert "database system is ready" in log


def test_a_folder_that_an_earlier_version_made_is_no_exception(folder: Path) -> None:
    with EmbeddedPostgres(folder).running():
        ask(folder, "ALTER ROLE memoryloop RESET ALL")
        for setting in (
            "log_min_messages = 'debug1'",
            "log_min_error_statement = 'error'",
            "log_error_verbosity = 'verbose'",
            "log_parameter_max_length_on_error = -1",
        ):
            ask(folder, f"ALTER SYSTEM SET {setting}")
    for name in ("server.log", "server.log.1"):
        (folder / name).write_text(f"STATEMENT:  INSERT INTO users VALUES ('{VALUE}')\n")
        (folder / name).chmod(0o644)

    with EmbeddedPostgres(folder).running():
        fail_in_all_ways(folder)
        assert VALUE not in (folder / "server.log").read_text()
        assert stat.S_IMODE((folder / "server.log").stat().st_mode) == 0o600
        assert not (folder / "server.log.1").exists()


def test_a_server_that_comes_back_is_no_exception(folder: Path) -> None:
    with Holder(folder):
        first = server_of(folder)
        with contextlib.suppress(psycopg.Error), session(folder) as connection:
            connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        os.kill(first, signal.SIGKILL)
        with EmbeddedPostgres(folder).running():
            fail_in_all_ways(folder)
        assert VALUE not in (folder / "server.log").read_text()


def test_it_is_bounded_while_the_server_runs(folder: Path) -> None:
    log, before = folder / "server.log", folder / "server.log.1"
    with EmbeddedPostgres(folder).running():
        for _ in range(3):
            with log.open("ab") as written:
                written.write(b"LOG:  something happened\n" * 60_000)
            until(lambda: log.stat().st_size < 1_000_000, "the log is moved aside")
        assert before.stat().st_size <= 1_000_000
        assert stat.S_IMODE(before.stat().st_mode) == 0o600
        # The server writes into the same file.
        ask(folder, "SELECT pg_reload_conf()")
        until(lambda: "SIGHUP" in log.read_text(), "the server still logs")
        assert log.read_bytes().startswith(b"# ")
    assert len(list(folder.glob("server.log*"))) == 2


def test_it_outlives_restarts_in_good_order(folder: Path) -> None:
    for _ in range(2):
        with EmbeddedPostgres(folder).running():
            ask(folder, "SELECT 1")
    log = (folder / "server.log").read_text()
    assert log.count("database system is ready") >= 2
