"""Measure how much later than its provider wrote it a word arrives, with many answers at once.

    python -m tests.benchmarks.chat_streams [--streams 200] [--rate 10] [--words 200]

As many learners as asked for send a question, one every `--stagger` seconds, and read the answer
as a browser does. Each word of it carries the time at which the provider sent it, so the delay of
each is known: from the provider's socket to the learner's. The text has paragraphs, lists,
emphasis and code, which the server renders as it goes. Provider and learners are one process with
one event loop, MemoryLoop's web server another one, as it is run; how late that event loop itself
is at times is told beside, for it is part of every figure.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import time
import urllib.parse
from pathlib import Path

from tests.benchmarks.chat_first_token import LOG_IN, TOKEN
from tests.live import LiveMemoryLoop

STAMP = re.compile(r"t([0-9a-f]{12})z")
SSE_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def stamp() -> str:
    return f"t{time.perf_counter_ns() // 1_000:012x}z"


def word(number: int) -> str:
    """Return a word that says when it was sent, within a text of the usual kinds."""
    said = stamp()
    if number % 60 == 59:
        return f"{said}.\n\n"
    if number % 240 in {60, 64, 68}:
        return f"\n- {said} "
    if number % 240 == 75:
        return f"\n\n```python\nx = 1  # {said}\n```\n\n"
    return f"**{said}** " if number % 15 == 7 else f"{said}, " if number % 11 == 3 else f"{said} "


class Provider:
    """Speaks OpenAI's chat completions, `rate` words a second in each answer."""

    def __init__(self, rate: float, words: int) -> None:
        self.rate, self.words = rate, words
        self.asked = 0
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = re.search(r"content-length: (\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                if not head.startswith("post"):
                    found = json.dumps({"object": "list", "data": []}).encode()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                    writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(found), found))
                elif not json.loads(body).get("stream"):
                    # Somebody asks for a title. There is none today.
                    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}")
                else:
                    await self._answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        writer.write(SSE_HEAD)
        began = time.perf_counter()
        for number in range(self.words):
            await asyncio.sleep(max(0.0, began + number / self.rate - time.perf_counter()))
            self._send(writer, {"content": word(number)})
        self._send(writer, {}, "stop")
        data = b"data: [DONE]\n\n"
        writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))

    def _send(
        self, writer: asyncio.StreamWriter, delta: dict[str, str], ends: str | None = None
    ) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": ends}
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000}
        data = json.dumps({**chunk, "model": "stamps", "choices": [choice]}).encode()
        writer.write(b"%x\r\ndata: %s\n\n\r\n" % (len(data) + 8, data))


class Measured:
    """What was seen of all answers, times in milliseconds."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.firsts: list[float] = []
        self.lags: list[float] = []
        self.finished = 0

    async def watch_the_loop(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            self.lags.append((time.perf_counter() - before - 0.01) * 1_000)


async def request(
    port: int, session: str, method: str, path: str, body: str = ""
) -> tuple[str, asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the head of an answer, and what its body comes from."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Cookie: sessionid={session}; csrftoken={TOKEN}",
        f"X-CSRFToken: {TOKEN}",
        "Connection: close",
        f"Content-Length: {len(body)}",
        "Content-Type: application/x-www-form-urlencoded",
    ]
    writer.write("\r\n".join([*lines, "", body]).encode())
    return (await reader.readuntil(b"\r\n\r\n")).decode(), reader, writer


async def learner(port: int, session: str, after: float, measured: Measured) -> None:
    """Ask, open the conversation, and read the answer to its end."""
    await asyncio.sleep(after)
    started = time.perf_counter()
    form = urllib.parse.urlencode({"content": "What is a cell?", "action": "ask"})
    head, _, writer = await request(port, session, "POST", "/chat/start/", form)
    writer.close()
    place = re.search(r"(?i)location: (\S+)", head)
    assert place is not None, head
    _, reader, writer = await request(port, session, "GET", place[1])
    page = (await reader.read()).decode()
    writer.close()
    path = re.search(r'data-stream="([^"]+)"', page)
    if path is None:
        return
    _, reader, writer = await request(port, session, "GET", path[1])
    last = 0
    async for raw in reader:
        if raw.startswith(b"event: done"):
            measured.finished += 1
            break
        now = time.perf_counter_ns() // 1_000
        for sent in STAMP.findall(raw.decode()):
            if (when := int(sent, 16)) > last:
                if not last:
                    measured.firsts.append((time.perf_counter() - started) * 1_000)
                measured.delays.append((now - when) / 1_000)
                last = when
    writer.close()


def cpu_seconds(pid: int) -> float:
    """Return the processor time that the web process has used: what a busy machine cannot hide."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index] # Linux has it


def spread(values: list[float]) -> str:
    ranked = sorted(values) or [0.0]
    parts = [f"{name} {ranked[int(len(ranked) * at)]:.0f}" for name, at in _PERCENTILES]
    return f"{', '.join(parts)}, most {ranked[-1]:.0f} ms"


_PERCENTILES = (("median", 0.5), ("p95", 0.95), ("p99", 0.99))


async def measure(options: argparse.Namespace) -> str:
    provider = Provider(options.rate, options.words)
    await provider.start()
    environment = {
        "OPENAI_BASE_URL": f"http://127.0.0.1:{provider.port}/v1",
        "OPENAI_MODEL": "stamps",
    }
    live = LiveMemoryLoop(environment)
    await asyncio.to_thread(live.start)
    try:
        script = LOG_IN.format(learners=options.streams + 1)
        printed = await asyncio.to_thread(live.manage, "shell", "-c", script)
        first, *sessions = re.findall(r"session (\w+)", printed)
        # What is loaded when it is first used.
        words, provider.words = provider.words, 5
        await learner(live.port, first, 0.0, Measured())
        provider.words = words
        assert live.process is not None  # it runs
        pid = live.process.pid
        before, used, began = memory_kb(pid), cpu_seconds(pid), time.perf_counter()
        measured = Measured()
        watching = asyncio.create_task(measured.watch_the_loop())
        reading = [
            asyncio.create_task(learner(live.port, session, number * options.stagger, measured))
            for number, session in enumerate(sessions)
        ]
        await asyncio.sleep(options.streams * options.stagger + 2.0)
        during = memory_kb(pid)
        await asyncio.wait(reading, timeout=options.words / options.rate + 120)
        watching.cancel()
        failed = [task for task in reading if not task.done() or task.exception()]
        took, used = time.perf_counter() - began, cpu_seconds(pid) - used
        count = max(len(measured.delays), 1)
        return (
            f"{options.streams} streams, {options.rate:g} words a second each: {measured.finished} "
            f"finished, {len(failed)} failed; added delay {spread(measured.delays)}; POST to first "
            f"words {spread(measured.firsts)}; {(during - before) / options.streams:.0f} KB a "
            f"stream; {used / count * 1e6:.0f} µs of processor time a word, all requests "
            f"included ({used / took:.0%} of a processor); the measuring loop late by "
            f"{spread(measured.lags)}\n"
        )
    finally:
        await asyncio.to_thread(live.stop)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.chat_streams")
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--stagger", type=float, default=0.05)
    options = parser.parse_args()
    # Told to end, it ends as usual: the server it started goes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.stdout.write(asyncio.run(measure(options)))


if __name__ == "__main__":
    main()
