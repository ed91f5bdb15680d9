"""`manage.py serve` and its parts as processes of their own: started, hurt and stopped."""

import asyncio
import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memoryloop.server import serving
from tests.live import REPOSITORY, LiveMemoryLoop, environment, free_port
from tests.memoryloop.server.processes import (
    nothing_runs,
    ordinary,
    processes_of,
    server_of,
    until,
)


@pytest.fixture
def data(prepared_data: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared_data, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture(scope="module")
def live(prepared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveMemoryLoop]:
    """Return a MemoryLoop that has been started for the second time."""
    data = tmp_path_factory.mktemp("live") / "data"
    shutil.copytree(prepared_data, data)
    with LiveMemoryLoop(data=data) as running:
        yield running
    nothing_runs(data)


def worker_of(live: LiveMemoryLoop) -> int:
    """Return the process id of the worker that belongs to a running MemoryLoop."""
    assert live.process
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if parent == live.process.pid and b"--until-stdin-closes" in line:
            return int(entry.name)
    return 0


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def get(live: LiveMemoryLoop, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=30)
    connection.request("GET", path, headers={"Connection": "close"})
    return connection.getresponse()


def test_a_second_start_is_quick(live: LiveMemoryLoop) -> None:
    # 2 s on an idle machine (`make bench` measures it). The tests may share theirs with anything:
    # what counts here is the work that was done.
    assert live.process
    stat = Path(f"/proc/{live.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    assert sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK") < 15


def test_it_says_where_it_is_and_what_to_do_next(live: LiveMemoryLoop) -> None:
    assert f"MemoryLoop is ready: http://localhost:{live.port}/" in live.log
    assert "/accounts/sign-up/" in live.log
    assert "Claude" in live.log
    assert "Ollama" in live.log


def test_it_is_healthy_and_shows_its_first_page_with_style(live: LiveMemoryLoop) -> None:
    status, findings = live.health()
    assert status == 200
    assert findings["status"] == "ok"
    assert findings["postgresql"] == "ok"
    assert findings["worker"] == "ok"
    page = get(live, "/")
    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    body = page.read().decode()
    style = body.split('<link rel="stylesheet" href="', 1)[1].split('"', 1)[0]
    answer = get(live, style)
    assert answer.status == 200
    # Named by content, so a browser keeps it for good.
    assert "immutable" in answer.headers["Cache-Control"]


def test_an_ordinary_user_serves_and_stops_it_by_ctrl_c_in_good_order(data: Path) -> None:
    for parent in data.parents[:3]:
        parent.chmod(0o755)
    demote = ordinary()
    if demote:
        subprocess.run(["chown", "-R", "65534:65534", data], check=True)
    live = LiveMemoryLoop(data=data, before=demote)
    live.start()
    assert live.process
    group = live.process.pid
    worker = worker_of(live)
    assert worker
    assert live.health()[0] == 200
    assert live.stop(signal.SIGINT) == 0
    assert processes_of(data) == {}
    assert not Path(f"/proc/{worker}").exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_it_ends_tidily_when_the_terminal_goes(data: Path) -> None:
    live = LiveMemoryLoop(data=data, before=["env", "--default-signal=HUP"])
    live.start()
    assert live.stop(signal.SIGHUP) == 0
    assert processes_of(data) == {}
    assert "Traceback" not in live.log


def test_begun_with_nohup_it_stays_when_the_terminal_goes_and_killed_leaves_no_process(
    data: Path,
) -> None:
    live = LiveMemoryLoop(data=data, before=["env", "--ignore-signal=HUP"])
    live.start()
    assert live.process
    live.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert live.health()[0] == 200
    worker = worker_of(live)
    assert worker
    live.stop(signal.SIGKILL)
    nothing_runs(data)
    until(lambda: not Path(f"/proc/{worker}").exists(), "the worker has ended")


def test_a_worker_that_dies_is_begun_again(live: LiveMemoryLoop) -> None:
    first = worker_of(live)
    os.kill(first, signal.SIGKILL)
    until(lambda: worker_of(live) not in (0, first), "another worker runs")
    assert "background worker ended" in live.log


def test_a_server_that_dies_comes_back_and_pages_answer_again(live: LiveMemoryLoop) -> None:
    folder = live.data / "postgres"
    killed = server_of(folder)
    os.kill(killed, signal.SIGKILL)

    def another_runs() -> bool:
        # For a moment the killed one's connections still answer, and then there is no file.
        with contextlib.suppress(OSError, IndexError, ValueError):
            return server_of(folder) != killed
        return False

    until(another_runs, "another server runs")
    until(lambda: live.health()[0] == 200, "all is healthy again")
    assert get(live, "/accounts/login/").status == 200


def test_commands_share_the_server_that_runs(live: LiveMemoryLoop) -> None:
    before = server_of(live.data / "postgres")
    assert "[X]" in live.manage("showmigrations", "accounts")
    assert server_of(live.data / "postgres") == before
    assert live.health()[0] == 200


def test_a_port_that_is_taken_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        tried = serve(tmp_path / "data", {"PORT": str(port)})
    assert tried.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be used (Address already in use)" in tried.stderr
    assert f"PORT={port + 1}" in tried.stderr
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_host_that_is_none_is_named(tmp_path: Path) -> None:
    tried = serve(tmp_path / "data", {"HOST": "no.such.host.invalid", "PORT": str(free_port())})
    assert tried.returncode == 1
    assert "HOST is 'no.such.host.invalid'" in tried.stderr


def serve(data: Path, extra: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, REPOSITORY / "manage.py", "serve"],
        env=environment(data, extra),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_web_server_and_worker_run_as_processes_of_their_own(data: Path) -> None:
    port = free_port()
    live = LiveMemoryLoop(data=data)
    live.port = port
    commands = (
        ["-m", "uvicorn", "memoryloop.asgi:application", "--port", str(port)],
        [str(REPOSITORY / "manage.py"), "procrastinate", "worker"],
    )
    running = [
        subprocess.Popen(
            [sys.executable, *command],
            env=environment(data),
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        until(lambda: live.health()[0] == 200, "both are up")
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)
    nothing_runs(data)


def test_health_answers_when_postgresql_does_not(tmp_path: Path) -> None:
    live = LiveMemoryLoop({"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}, tmp_path)
    command = [sys.executable, "-m", "uvicorn", "memoryloop.asgi:application"]
    with subprocess.Popen(
        [*command, "--port", str(live.port)],
        env=live.environment,
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        until(lambda: listens(live.port), "it listens")
        status, findings = live.health()
        process.terminate()
    assert status == 503
    assert findings["status"] == "failing"
    assert findings["postgresql"].startswith("failing: ")
    assert findings["worker"].startswith("failing: ")


def test_open_streams_hold_a_stop_up_for_a_few_seconds_at_most() -> None:
    async def endless(
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"data: x\n\n", "more_body": True})
            await asyncio.sleep(0.05)

    ready = threading.Event()
    # Else the tests would end with it, 20 s later.
    server = serving.WebServer(endless, ready, ends_process=False)  # type: ignore[arg-type]  # typed more loosely
    with serving.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        assert ready.wait(30)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        stream = connection.getresponse()
        assert stream.read(9) == b"data: x\n\n"
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()
        stream.close()
        connection.close()
