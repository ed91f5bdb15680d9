"""The doctor: a line for each fault of the machine, which says what to do."""

import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from memoryloop.postgres.server import EmbeddedPostgres
from tests.live import REPOSITORY, environment, free_port


def doctor(data: Path, **extra: str) -> "subprocess.CompletedProcess[str]":
    given = {"PORT": str(free_port()), "DJANGO_SETTINGS_MODULE": "memoryloop.settings", **extra}
    return subprocess.run(
        [sys.executable, "-m", "memoryloop", "doctor"],
        env=environment(data, given),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def faults(done: "subprocess.CompletedProcess[str]") -> dict[str, str]:
    lines = (line[4:].split(maxsplit=1) for line in done.stdout.splitlines() if line[:2] == "!!")
    return dict(lines)


def test_a_port_in_use_is_told_with_another(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = doctor(tmp_path, PORT=str(port))
    assert done.returncode == 1
    assert list(faults(done)) == ["Address"]
    assert f"PORT={port + 1}" in faults(done)["Address"]


@pytest.mark.parametrize(
    ("given", "names", "sentence"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}, ["PostgreSQL"], "Start it"),
        ({"DATABASE_URL": "mysql://x"}, ["Settings", "Data", "PostgreSQL", "Meaning"], "read post"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_the_rest_is_checked(
    tmp_path: Path, given: dict[str, str], names: list[str], sentence: str
) -> None:
    done = doctor(tmp_path, **given)
    assert done.returncode == 1, done.stdout
    assert list(faults(done)) == names
    assert all(sentence in said for said in faults(done).values())
    assert f"{len(names)} of 8 checks found a fault." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("package", "names"),
    [
        ("django", ["Settings", "Data", "PostgreSQL", "Meaning", "Address"]),
        ("platformdirs", []),
        ("psycopg", ["Packages", "Settings", "Data", "PostgreSQL", "Meaning"]),
        ("pydantic", ["Packages", "Settings", "Data", "PostgreSQL", "Cards", "Meaning"]),
    ],
)
def test_it_runs_where_a_package_cannot_be_loaded(
    tmp_path: Path, package: str, names: list[str]
) -> None:
    (tmp_path / f"{package}.py").write_text("raise ImportError('not made for this machine')")
    done = doctor(tmp_path / "data", PYTHONPATH=str(tmp_path))
    assert list(faults(done)) == names, done.stdout + done.stderr
    for said in faults(done).values():
        assert "not made for this machine" in said
        assert "`make install` again." in said


def test_a_data_folder_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    done = doctor(tmp_path / "data")
    assert "set MEMORYLOOP_DATA to a folder that can" in faults(done)["Settings"]


def test_cards_in_postgresql_want_no_lancedb(tmp_path: Path) -> None:
    (tmp_path / "lancedb.py").write_text("raise ImportError('not made for this machine')")
    done = doctor(tmp_path / "data", PYTHONPATH=str(tmp_path), CARD_STORE="postgresql")
    assert "Cards       kept in PostgreSQL" in done.stdout
    done = doctor(tmp_path / "data", CARD_STORE="sqlite")
    assert "say one of lancedb, postgresql" in faults(done)["Settings"]


def test_of_the_embedded_postgresql_it_says_what_it_knows_and_what_not(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    with server.running():
        at = server.django_settings()
        with psycopg.connect(host=at["HOST"], dbname=at["NAME"], user=at["USER"]) as session:
            session.execute("CREATE TABLE flashcards_storeversions (engine text)")
            session.execute("INSERT INTO flashcards_storeversions VALUES ('postgresql')")
        # It is asked while it runs: CARD_STORE is not all there is to know.
        done = doctor(tmp_path, CARD_STORE="lancedb")
        assert "the cards are in postgresql: move them with" in faults(done)["Cards"]
    for given in ({}, {"CARD_STORE": "postgresql"}):
        done = doctor(tmp_path, **given)
        assert not faults(done)
        (said,) = (line for line in done.stdout.splitlines() if "Cards" in line)
        assert "LanceDB" in said
        assert "writes and reads" in said
        assert "recorded in PostgreSQL, which is not running" in said
    assert not server.answers()
