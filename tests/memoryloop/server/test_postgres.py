"""The embedded server: starting, sharing, stopping, and coming back."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from memoryloop.postgres.server import EmbeddedPostgres
from tests.memoryloop.server.processes import (
    PATIENCE_SECONDS,
    Holder,
    ask,
    keeper_of,
    kill_keeper,
    nothing_runs,
    processes_of,
    runs,
    server_of,
    until,
)


def test_asking_for_its_settings_starts_and_makes_nothing(tmp_path: Path) -> None:
    settings = EmbeddedPostgres(tmp_path / "postgres").django_settings()
    assert settings["NAME"] == "memoryloop"
    assert settings["HOST"].startswith(str(tmp_path)) or settings["HOST"].startswith("/tmp/")
    assert list(tmp_path.iterdir()) == []


def test_a_cold_start_makes_the_database(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with EmbeddedPostgres(folder).running():
        assert ask(folder, "SELECT current_database()") == "memoryloop"
        assert ask(folder, "SHOW listen_addresses") == ""
        assert ask(folder, "SHOW jit") == "off"
        assert ask(folder, "SHOW fsync") == "on"
        provider = "SELECT datlocale FROM pg_database WHERE datlocprovider = 'b'"
        assert ask(folder, provider) == "C.UTF-8"
        ask(folder, "CREATE EXTENSION vector")
        ask(folder, "CREATE EXTENSION pg_trgm")
    nothing_runs(folder)


def test_a_warm_start_finds_what_was_there(folder: Path) -> None:
    with EmbeddedPostgres(folder).running():
        ask(folder, "CREATE TABLE kept AS SELECT 42 AS value")
    with EmbeddedPostgres(folder).running():
        assert ask(folder, "SELECT value FROM kept") == 42


def test_uses_in_one_process_are_counted(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    with server.running():
        with server.running():
            pass
        assert ask(folder, "SELECT 1") == 1
    nothing_runs(folder)
    server.stop()


def test_several_starters_at_once_share_one_server_and_the_last_stops_it(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    holders = [Holder(folder) for _ in range(4)]
    assert [holder.answer() for holder in holders] == ["up"] * 4
    servers = [line for line in processes_of(folder).values() if "/bin/postgres -D" in line]
    assert len(servers) == 1
    first = server_of(folder)
    for holder in holders[:-1]:
        holder.leave()
    assert server_of(folder) == first
    assert ask(folder, "SELECT 1") == 1
    holders[-1].leave()
    assert processes_of(folder) == {}


def test_one_that_comes_while_the_last_one_leaves_finds_a_server(folder: Path) -> None:
    for _ in range(3):
        leaving = Holder(folder)
        assert leaving.answer() == "up"
        assert leaving.process.stdin
        leaving.process.stdin.close()
        with EmbeddedPostgres(folder).running():
            assert ask(folder, "SELECT 1") == 1
        leaving.process.wait()
        for pipe in (leaving.process.stdout, leaving.process.stderr):
            assert pipe
            pipe.close()
    nothing_runs(folder)


def test_a_killed_server_comes_back_with_what_was_committed(folder: Path) -> None:
    with Holder(folder):
        ask(folder, "CREATE TABLE kept AS SELECT 42 AS value")
        killed = server_of(folder)
        os.kill(killed, signal.SIGKILL)
        # Somebody new finds a server at once ...
        with EmbeddedPostgres(folder).running():
            assert ask(folder, "SELECT value FROM kept") == 42
        # ... and it is there for whoever used the old one.
        assert server_of(folder) != killed
        assert ask(folder, "SELECT value FROM kept") == 42
    assert processes_of(folder) == {}


def test_a_killed_host_leaves_nothing_running(folder: Path) -> None:
    with Holder(folder) as holder:
        ask(folder, "CREATE TABLE kept AS SELECT 42 AS value")
        holder.process.kill()
        holder.process.wait()
        nothing_runs(folder)
    with EmbeddedPostgres(folder).running():
        assert ask(folder, "SELECT value FROM kept") == 42


def test_a_killed_host_leaves_the_server_to_the_others(folder: Path) -> None:
    with Holder(folder) as other, Holder(folder) as holder:
        holder.process.kill()
        holder.process.wait()
        time.sleep(0.3)
        assert ask(folder, "SELECT 1") == 1
        other.leave()
    assert processes_of(folder) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_killed_keeper_takes_the_server_along_and_the_next_start_works(folder: Path) -> None:
    with Holder(folder) as holder:
        server = server_of(folder)
        holder.process.send_signal(signal.SIGSTOP)
        kill_keeper(folder)
        until(lambda: not runs(server), "the server has ended")
        holder.process.send_signal(signal.SIGCONT)
        with EmbeddedPostgres(folder).running():
            assert ask(folder, "SELECT 1") == 1
    nothing_runs(folder)


def test_a_killed_keeper_is_replaced_by_who_began_it(folder: Path) -> None:
    with EmbeddedPostgres(folder).running():
        kill_keeper(folder)

        def answers() -> bool:
            try:
                return ask(folder, "SELECT 1") == 1
            except psycopg.OperationalError:
                return False

        until(lambda: answers() and keeper_of(folder), "another keeper keeps the server")
    nothing_runs(folder)


def test_everything_killed_at_once_comes_back_with_what_was_committed(folder: Path) -> None:
    with Holder(folder):
        ask(folder, "CREATE TABLE kept AS SELECT 42 AS value")
        for pid in processes_of(folder):
            os.kill(pid, signal.SIGKILL)
        nothing_runs(folder)
    with EmbeddedPostgres(folder).running():
        assert ask(folder, "SELECT value FROM kept") == 42


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_a_host_that_handles_none_leaves_nothing_running(
    folder: Path, sign: signal.Signals
) -> None:
    with Holder(folder) as holder:
        holder.process.send_signal(sign)
        holder.process.wait(PATIENCE_SECONDS)
        nothing_runs(folder)


def test_ctrl_c_in_a_terminal_reaches_the_host_and_not_the_server(folder: Path) -> None:
    with Holder(folder):
        ours = os.getpgrp()
        assert os.getpgid(keeper_of(folder)) != ours
        assert os.getpgid(server_of(folder)) != ours


def test_a_note_of_a_server_long_gone_does_not_stand_in_the_way(folder: Path) -> None:
    # As after a restart of the machine: the noted process id is another program's now.
    with subprocess.Popen(["sleep", "60"]) as other:
        lines = [other.pid, folder / "data", 1, 5432, folder / "socket", "", "  1  1", "ready"]
        (folder / "data" / "postmaster.pid").write_text("\n".join(map(str, lines)) + "\n")
        with EmbeddedPostgres(folder).running():
            assert ask(folder, "SELECT 1") == 1
        assert other.poll() is None
        other.kill()


def test_a_start_that_was_cut_off_while_making_the_data_is_made_good(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    holder = Holder(folder)
    until(lambda: (folder / "data.new" / "global").exists(), "making the data has begun")
    for pid in processes_of(folder):
        os.kill(pid, signal.SIGKILL)
    holder.leave()
    nothing_runs(folder)
    assert not (folder / "data").exists()
    with EmbeddedPostgres(folder).running():
        assert ask(folder, "SELECT 1") == 1


def test_a_server_that_was_cut_off_from_its_data_ends(folder: Path) -> None:
    with Holder(folder) as holder:
        (folder / "data").rename(folder / "moved")
        os.kill(int((folder / "moved" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        until(lambda: list(processes_of(folder)) == [holder.process.pid], "the keeper has ended")


def test_a_connection_as_anybody_else_is_refused(folder: Path) -> None:
    with Holder(folder):
        host = EmbeddedPostgres(folder).django_settings()["HOST"]
        with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf"):
            psycopg.connect(host=host, dbname="memoryloop", user="postgres")
