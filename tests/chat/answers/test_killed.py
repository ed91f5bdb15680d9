"""The writer's process is killed in mid-answer, for real, and the server begun again."""

import json
import re
import threading
import time
import unittest
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.chat_first_token import LOG_IN, Browser
from tests.live import LiveMemoryLoop
from tests.servers.compatible import OpenAIServer


class KilledTests(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def like(self, prepared_data: Path) -> None:
        self.prepared_data = prepared_data

    def begin(self) -> tuple[OpenAIServer, LiveMemoryLoop]:
        """Return a model that stops in the middle of an answer, and a MemoryLoop that asks it."""
        provider = self.enterContext(OpenAIServer())
        provider.reply("One two three four five. " * 40, held=threading.Event())
        environment = {"OPENAI_BASE_URL": provider.url, "OPENAI_MODEL": provider.models[-1]}
        live = self.enterContext(LiveMemoryLoop(environment, like=self.prepared_data))
        return provider, live

    def test_an_answer_whose_writer_was_killed_is_kept_and_can_be_retried(self) -> None:
        provider, live = self.begin()
        printed = live.manage("shell", "-c", LOG_IN.format(learners=1))
        browser = Browser(live.port, re.findall(r"session (\w+)", printed)[0])
        with browser.post("/chat/start/", "Count.", htmx=False) as started:
            address = started.headers["Location"]
        stream = self.stream_of(browser, address)
        self.wait_for(lambda: "three" in self.page(browser, address))

        assert live.process is not None
        live.process.kill()
        live.process.wait()
        live.start()

        # For a moment the writer may still live in another process; then it is known to be dead.
        events = browser.events(stream).read().decode()
        self.assertIn("event: failed", events)
        page = self.page(browser, address)
        self.assertIn("One two three", page)
        self.assertIn("The server stopped while this answer was being written", page)
        # What it was told is there too.
        told = browser.events(stream.replace("/stream/", "/context/")).read().decode()
        self.assertIn("Count.", told)
        self.assertIn("You are the tutor in MemoryLoop", told)
        provider.reply("All of it, this time.")
        browser.post(stream.replace("/stream/", "/retry/"), "", htmx=False).close()
        self.wait_for(lambda: "All of it, this time." in self.page(browser, address))

    def test_an_answer_is_kept_when_the_server_is_told_to_end_and_picked_up_by_whoever_returns(
        self,
    ) -> None:
        _, live = self.begin()
        printed = live.manage("shell", "-c", LOG_IN.format(learners=1))
        browser = Browser(live.port, re.findall(r"session (\w+)", printed)[0])
        with browser.post("/chat/start/", "Count.", htmx=False) as started:
            address = started.headers["Location"]
        stream = self.stream_of(browser, address)
        # One reader is lost in the middle; another tab begins with all that has come.
        lost = browser.events(stream)
        seen = ""
        while "three" not in seen:
            if (line := lost.readline()).startswith(b"data: "):
                seen += "".join(json.loads(line[6:]).values())
        lost.close()
        other = browser.events(stream)
        while not (line := other.readline()).startswith(b"data: "):
            pass
        self.assertIn(b"One two three", line)

        live.stop()
        other.close()
        live.start()

        page = self.page(browser, address)
        self.assertIn("One two three", page)
        self.assertIn("The server stopped while this answer was being written", page)
        self.assertIn("Retry", page)

    def page(self, browser: Browser, address: str) -> str:
        return browser.events(address).read().decode()

    def stream_of(self, browser: Browser, address: str) -> str:
        found = re.search(r'data-stream="([^"]+)"', self.page(browser, address))
        assert found is not None
        return found[1]

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
