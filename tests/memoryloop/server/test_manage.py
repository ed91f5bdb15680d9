"""`manage.py`: who needs the database has it, who does not starts nothing."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError
from psycopg.errors import DiskFull

from memoryloop.postgres import unreachable
from tests.live import REPOSITORY, environment
from tests.memoryloop.server.processes import nothing_runs, processes_of


def manage(data: Path, *args: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, REPOSITORY / "manage.py", *args],
        env=environment(data, extra),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("command", [("check",), ("help",), ("diffsettings",)])
def test_a_command_without_need_of_the_database_starts_none(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = manage(tmp_path, *command)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "postgres").exists()


def test_what_was_loaded_is_kept_from_the_collector_which_works_for_the_command(
    tmp_path: Path,
) -> None:
    asked = "import gc; print(gc.isenabled(), gc.get_freeze_count() > 50_000)"
    done = manage(tmp_path, "shell", "--no-imports", "-c", asked)
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_a_command_that_needs_the_database_starts_it_and_leaves_nothing(folder: Path) -> None:
    done = manage(folder.parent, "showmigrations", "sessions")
    assert done.returncode == 0, done.stderr
    assert "[ ] 0001_initial" in done.stdout
    assert processes_of(folder) == {}


def test_the_migrations_are_complete_and_nothing_is_warned_of(folder: Path) -> None:
    done = manage(folder.parent, "makemigrations", "--check", "--dry-run")
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    nothing_runs(folder)


def test_a_database_that_cannot_start_is_one_sentence(folder: Path) -> None:
    (folder / "data" / "PG_VERSION").write_text("17\n")
    done = manage(folder.parent, "showmigrations")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "DATABASE_URL" in done.stderr


def test_the_settings_are_fit_to_deploy(tmp_path: Path) -> None:
    for https in ("false", "true"):
        done = manage(
            tmp_path, "check", "--deploy", "--fail-level", "WARNING", MEMORYLOOP_HTTPS=https
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("command", "variables", "words"),
    [
        ("check", {"MEMORYLOOP_HTTPS": "maybe"}, "MEMORYLOOP_HTTPS"),
        ("check", {"MEMORYLOOP_LEARNER_ENDPOINTS": "some"}, "any, public, off"),
        ("serve", {"PORT": "many"}, "PORT"),
        ("serve", {"DATABASE_URL": "mysql://somewhere"}, "DATABASE_URL"),
        ("serve", {"DATABASE_URL": "postgresql://a:secret@b:c/d"}, "DATABASE_URL"),
        ("check", {"MEMORYLOOP_DATA": __file__}, "MEMORYLOOP_DATA"),
    ],
)
def test_a_setting_that_is_wrong_is_one_sentence(
    tmp_path: Path, command: str, variables: dict[str, str], words: str
) -> None:
    done = manage(tmp_path, command, **variables)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    assert "secret@" not in done.stderr


def test_a_server_that_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    url = "postgresql://ada:secret@127.0.0.1:9/memory"
    done = manage(tmp_path, "serve", "--port", "0", DATABASE_URL=url)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "127.0.0.1:9 (database memory)" in done.stderr
    assert "mend DATABASE_URL" in done.stderr
    assert "secret" not in done.stderr


def test_other_errors_of_the_database_keep_their_traceback() -> None:
    full = OperationalError("disk full")
    full.__cause__ = DiskFull("disk full")
    refused = OperationalError("no")
    refused.__cause__ = psycopg.OperationalError("connection failed: Connection refused")
    assert unreachable.sentence(full) == ""
    assert "Connection refused. Start it" in unreachable.sentence(refused)
