"""The embedded server: where it can live, who may run it, and what it says where it cannot."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from memoryloop.postgres.server import EmbeddedPostgres, PostgresError
from tests.live import REPOSITORY
from tests.memoryloop.server.processes import (
    IS_ROOT,
    NOBODY,
    Holder,
    ask,
    holding,
    nothing_runs,
    ordinary,
    processes_of,
)

needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can make another user's things")


def long_path(parent: Path, length: int = 200) -> Path:
    """Return a path of that many characters, with spaces."""
    path = parent
    while length - len(str(path)) > 101:
        path /= "a folder with spaces ".ljust(49, "x")
    return path / "y".ljust(length - len(str(path)) - 1, "z")


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """Return a folder that an ordinary user owns, below folders that all may enter."""
    for parent in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(0o755)
    folder = tmp_path / "theirs"
    folder.mkdir()
    if IS_ROOT:
        os.chown(folder, NOBODY, NOBODY)
    return folder


@pytest.mark.parametrize(
    "name", ["with spaces in it", 'it\'s, "quoted" \\ and @odd', "ünïcödé 復習", "x" * 60]
)
def test_it_runs_in_a_folder_of_any_name(made: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "postgres"
    shutil.copytree(made, folder)
    with EmbeddedPostgres(folder).running():
        assert ask(folder, "SELECT 1") == 1


def test_it_runs_in_a_path_of_200_characters_with_spaces(tmp_path: Path) -> None:
    folder = long_path(tmp_path)
    assert len(str(folder)) == 200
    with EmbeddedPostgres(folder).running():
        assert ask(folder, "SELECT 1") == 1
        socket = Path(EmbeddedPostgres(folder).django_settings()["HOST"])
        assert socket.parent == Path("/tmp")
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert not socket.exists()
    nothing_runs(folder)


def test_its_folder_and_socket_are_private(folder: Path) -> None:
    folder.chmod(0o755)
    with EmbeddedPostgres(folder).running():
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700


def test_it_refuses_a_socket_folder_that_others_can_enter(tmp_path: Path) -> None:
    server = EmbeddedPostgres(long_path(tmp_path))
    server.socket.mkdir()
    try:
        server.socket.chmod(0o777)
        with pytest.raises(PostgresError, match=r"only \S+ may enter.*MEMORYLOOP_DATA"):
            server.start()
    finally:
        server.socket.rmdir()


def test_it_refuses_a_socket_folder_that_is_a_link(tmp_path: Path) -> None:
    server = EmbeddedPostgres(long_path(tmp_path))
    server.socket.symlink_to(tmp_path)
    try:
        with pytest.raises(PostgresError, match="must be a folder"):
            server.start()
    finally:
        server.socket.unlink()


@needs_root
def test_it_refuses_a_socket_folder_of_another_user(tmp_path: Path) -> None:
    server = EmbeddedPostgres(long_path(tmp_path))
    server.socket.mkdir(mode=0o700)
    try:
        os.chown(server.socket, NOBODY, NOBODY)
        with pytest.raises(PostgresError, match="belongs to nobody"):
            server.start()
    finally:
        server.socket.rmdir()


def test_a_folder_that_cannot_be_made_is_named_with_the_ways_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PostgresError) as caught:
        EmbeddedPostgres(tmp_path / "file" / "postgres").start()
    words = str(caught.value)
    assert str(tmp_path / "file" / "postgres") in words
    assert "MEMORYLOOP_DATA" in words
    assert "DATABASE_URL" in words


def test_a_folder_that_may_not_be_written_is_named_with_the_ways_out(open_folder: Path) -> None:
    open_folder.chmod(0o500)
    holder = Holder(open_folder / "postgres", ordinary())
    assert holder.answer() == ""
    words = holder.complaint()
    assert "cannot be written (Permission denied)" in words
    assert "MEMORYLOOP_DATA" in words
    assert "DATABASE_URL" in words
    open_folder.chmod(0o700)


@needs_root
def test_a_folder_of_another_user_is_refused_by_name(folder: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(PostgresError, match=r"belongs to nobody.*run MemoryLoop as nobody"):
        EmbeddedPostgres(folder).start()


def test_data_of_another_major_version_is_left_alone(folder: Path) -> None:
    version = folder / "data" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(PostgresError, match=r"PostgreSQL 17.*PostgreSQL 18.*DATABASE_URL"):
        EmbeddedPostgres(folder).start()
    assert version.read_text() == "17\n"
    nothing_runs(folder)


def test_a_server_that_will_not_start_says_why(folder: Path) -> None:
    with (folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("\nno_such_setting = 1\n")
    with pytest.raises(PostgresError, match=r"did not start \(.*\): see .*server\.log"):
        EmbeddedPostgres(folder).start()
    nothing_runs(folder)


def test_an_ordinary_user_starts_cold_and_warm(open_folder: Path) -> None:
    folder = open_folder / "postgres"
    for _ in range(2):
        with Holder(folder, ordinary()):
            assert len(processes_of(folder)) >= 3
            assert (folder / "data").stat().st_uid == open_folder.stat().st_uid
        assert processes_of(folder) == {}


@needs_root
def test_root_runs_it_without_the_server_being_root(folder: Path) -> None:
    with Holder(folder):
        assert (folder / "data").stat().st_uid == 0
        # The server itself believes that it is somebody else.
        ask(folder, "CREATE TABLE whoami (name text)")
        ask(folder, "COPY whoami FROM PROGRAM 'id -u'")
        assert ask(folder, "SELECT name FROM whoami") not in ("0", str(NOBODY))


@needs_root
def test_another_user_is_turned_away_even_where_the_socket_is_open(tmp_path: Path) -> None:
    demote = ordinary()
    folder = tmp_path / "postgres"
    with Holder(folder):
        for parent in (folder, *folder.parents[:3]):
            parent.chmod(0o755)
        socket = Path(EmbeddedPostgres(folder).django_settings()["HOST"])
        socket.chmod(0o755)
        (socket / ".s.PGSQL.5432").chmod(0o777)
        code = (
            "import psycopg, sys; "
            "psycopg.connect(host=sys.argv[1], user='memoryloop', dbname='memoryloop')"
        )
        tried = subprocess.run(
            [*demote, sys.executable, "-c", code, socket],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Peer authentication failed" in tried.stderr


def test_a_root_without_user_namespaces_is_told_so(folder: Path) -> None:
    # Root of a namespace in which no more can be made, as in a container that forbids them.
    forbid = "echo 0 > /proc/sys/user/max_user_namespaces && exec "
    inside = ("unshare", "--user", "--map-root-user", "sh", "-c")
    probe = [*inside, forbid + '"$@"', "-", sys.executable, "-c", ""]
    if subprocess.run(probe, check=False, capture_output=True).returncode:
        pytest.skip("this system grants no user namespace to take them away in")
    tried = subprocess.run(
        [*inside, forbid + '"$@"', "-", *holding(folder)],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 1
    assert "grants no user namespace" in tried.stderr
    assert "DATABASE_URL" in tried.stderr
    nothing_runs(folder)
