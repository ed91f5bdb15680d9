"""Measure the time that MemoryLoop adds to the first token of an answer.

    python -m tests.benchmarks.chat_first_token [--rounds 40] [--think 0.3]

From the POST that sends a message to the first words on the stream of events, as a browser goes
about it: one connection for the POST, another for the events. For a question that the server hears
of only when it is sent; and as from somebody who types, whose page tells of the text when the
typing pauses, 0.2 s before it is sent. What the provider, on loopback, takes
when asked without MemoryLoop is measured by turns and taken off: asked by plain HTTP, and by its
SDK with a client that is kept open. Twice: with a provider that answers at once, where everything
MemoryLoop does is waited for; and with one that thinks for a while before its first word, as every
real one does, while the page connects. `chat_streams` measures many answers at once.
"""

import argparse
import http.client
import itertools
import json
import os
import re
import signal
import statistics
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import openai

from tests.live import LiveMemoryLoop
from tests.servers.compatible import OpenAIServer

LOG_IN = """
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from importlib import import_module
from accounts.models import User
store = import_module(settings.SESSION_ENGINE).SessionStore
for number in range({learners}):
    # Without a password: hashing two hundred takes a minute.
    user = User.objects.create_user(f"bench{{number}}@example.org", None)
    session = store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    print("session", session.session_key)
"""
TOKEN = "a" * 32
TEXT = "A cell is the smallest unit of life. It has a membrane."
# From a sentence's end to the key that sends it.
TYPED_SECONDS = 0.2
# Slow enough that an answer is not at its end when the page connects.
WORD_SECONDS = 0.02
STAGES: dict[str, list[float]] = {"POST": [], "connecting to the events": []}
_numbers = itertools.count(1)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Browser:
    port: int
    session: str

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Cookie": f"sessionid={self.session}; csrftoken={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Connection": "close",
        }

    def post(
        self, path: str, content: str, *, htmx: bool, **fields: str
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        body = urllib.parse.urlencode({"content": content, "action": "ask", **fields})
        extra = {"HX-Request": "true"} if htmx else {}
        connection.request("POST", path, body, {**self.headers, **FORM, **extra})
        return connection.getresponse()

    def events(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers=self.headers)
        return connection.getresponse()


def has_words(event: str, data: str) -> bool:
    return event in {"reset", "append", "tail", "text"} and bool(re.search(r"\w\w", _text(data)))


def _text(data: str) -> str:
    return re.sub(r"<[^>]*>", "", "".join(json.loads(data).values()))


def question() -> str:
    """Return a question that was not asked before: nothing about it is remembered yet."""
    return f"What else is there to know about the cell, number {next(_numbers)}?"


def first_words_ms(browser: Browser, conversation: str, *, typed: bool) -> float:
    """Send a message and return the milliseconds until its answer's first words."""
    text = question()
    if typed:
        browser.post(
            "/chat/ahead/", text, htmx=False, conversation=conversation.strip("/").split("/")[-1]
        ).read()
        time.sleep(TYPED_SECONDS)
    started = time.perf_counter()
    page = browser.post(f"{conversation}send/", text, htmx=True).read().decode()
    posted = time.perf_counter()
    found = re.search(r'data-stream="([^"]+)"', page)
    if found is None:
        raise RuntimeError(page[:500])
    stream = browser.events(found[1])
    connected = time.perf_counter()
    event, milliseconds = "", 0.0
    for raw in stream:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            event = line[7:]
        elif line.startswith("data: ") and not milliseconds and has_words(event, line[6:]):
            milliseconds = (time.perf_counter() - started) * 1_000
    STAGES["POST"].append((posted - started) * 1_000)
    STAGES["connecting to the events"].append((connected - posted) * 1_000)
    return milliseconds


def direct_ms(provider: OpenAIServer) -> float:
    """Ask the provider itself and return the milliseconds until its first word."""
    body = json.dumps(
        {
            "model": provider.models[0],
            "stream": True,
            "messages": [{"role": "user", "content": "And what else?"}],
        }
    ).encode()
    request = urllib.request.Request(
        f"{provider.url}/chat/completions", body, {"Content-Type": "application/json"}
    )
    milliseconds = 0.0
    started = time.perf_counter()
    with urllib.request.urlopen(request) as answer:
        for line in answer:
            # The first that holds any text: an empty one opens the answer.
            if not milliseconds and re.search(rb'"content": ?"[^"]', line):
                milliseconds = (time.perf_counter() - started) * 1_000
    return milliseconds


def sdk_ms(client: openai.OpenAI, model: str) -> float:
    """The same by the provider's SDK."""
    milliseconds = 0.0
    started = time.perf_counter()
    for piece in client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "And what else?"}], stream=True
    ):
        if not milliseconds and piece.choices and piece.choices[0].delta.content:
            milliseconds = (time.perf_counter() - started) * 1_000
    return milliseconds


def _cpu_seconds(pid: int) -> float:
    """Return the processor time that the web process has used: what a busy machine cannot hide."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.chat_first_token")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--think", type=float, default=0.3)
    options = parser.parse_args()
    # Told to end, it ends as usual: the server it started goes with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with (
        OpenAIServer() as provider,
        LiveMemoryLoop(
            {"OPENAI_BASE_URL": provider.url, "OPENAI_MODEL": provider.models[-1]}
        ) as live,
    ):
        provider.default(text=TEXT, delay_seconds=WORD_SECONDS)
        printed = live.manage("shell", "-c", LOG_IN.format(learners=1))
        browser = Browser(live.port, re.findall(r"session (\w+)", printed)[0])
        for thinks in (0.0, options.think):
            provider.default(text=TEXT, delay_seconds=WORD_SECONDS, first_delay_seconds=thinks)
            for typed in (False, True):
                # Each in a conversation of its own, so that all of them are as long.
                conversation = begin(browser)
                told = measure(live, provider, browser, conversation, options.rounds, typed=typed)
                sys.stdout.write(("as it is typed: " if typed else "all at once: ") + told)
                sys.stdout.flush()


def begin(browser: Browser) -> str:
    """Begin a conversation, with what is loaded when it is first used; return its address."""
    started = browser.post("/chat/start/", question(), htmx=False)
    conversation = started.headers["Location"]
    page = browser.events(conversation).read().decode()
    for path in re.findall(r'data-stream="([^"]+)"', page):
        browser.events(path).read()
    for _ in range(5):
        first_words_ms(browser, conversation, typed=True)
    return conversation


def measure(
    live: LiveMemoryLoop,
    provider: OpenAIServer,
    browser: Browser,
    conversation: str,
    rounds: int,
    *,
    typed: bool,
) -> str:
    for stage in STAGES.values():
        stage.clear()
    assert live.process is not None  # it runs within the context
    used = _cpu_seconds(live.process.pid)
    client = openai.OpenAI(base_url=provider.url, api_key="none")
    sdk_ms(client, provider.models[0])
    rows = [
        (
            first_words_ms(browser, conversation, typed=typed),
            direct_ms(provider),
            sdk_ms(client, provider.models[0]),
        )
        for _ in range(rounds)
    ]
    used = (_cpu_seconds(live.process.pid) - used) / rounds
    taken = [row[0] for row in rows]
    ours, direct, sdk = (statistics.median(column) for column in zip(*rows, strict=True))
    stages = "".join(f", {name} {statistics.median(ms):.1f} ms" for name, ms in STAGES.items())
    return (
        f"POST to first words: median {ours:.1f} ms, p95 {_p95(taken):.1f} ms; the provider by "
        f"plain HTTP {direct:.1f} ms: {ours - direct:.1f} ms added; by its SDK {sdk:.1f} ms: "
        f"{ours - sdk:.1f} ms added{stages}; "
        f"{used * 1_000:.1f} ms of processor time for a whole answer\n"
    )


if __name__ == "__main__":
    main()
