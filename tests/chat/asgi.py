"""The real ASGI application on loopback, and a reader of server-sent events."""

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape as html_escape
from typing import Any, Self

import uvicorn
from django.conf import settings
from django.test import Client, TransactionTestCase, override_settings
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from chat.models import Message
from memoryloop.asgi import application
from memoryloop.llm.detect import clear_cache
from memoryloop.server import background
from tests.base import PASSWORD
from tests.servers.claude import ClaudeServer

KEY = "sk-ant-api03-" + "k" * 40


class AsgiServer:
    """Uvicorn in a thread of this process."""

    def __enter__(self) -> Self:
        config = uvicorn.Config(
            application, port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()))
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@dataclass(frozen=True)
class Event:
    name: str
    data: dict[str, Any]


class EventStream:
    """A browser's EventSource, as far as one connection goes."""

    def __init__(self, port: int, path: str, session: str, *, timeout_seconds: float = 10) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
        self._connection.request(
            "GET", path, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}
        )
        self.response = self._connection.getresponse()
        self.status = self.response.status

    def events(self) -> Iterator[Event]:
        """Yield the events until the server ends the stream."""
        name = ""
        for raw in self.response:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield Event(name, json.loads(line.removeprefix("data: ")))

    def close(self) -> None:
        self.response.close()
        self._connection.close()


class StreamingTestCase(TransactionTestCase):
    """Alice with a Claude key, Claude on loopback, and the application served for real."""

    def setUp(self) -> None:
        clear_cache()
        self.alice = User.objects.create_user("alice@example.org", PASSWORD, name="Alice")
        self.bob = User.objects.create_user("bob@example.org", PASSWORD, name="Bob")
        self.claude = self.enterContext(ClaudeServer())
        self.enterContext(override_settings(ANTHROPIC_BASE_URL=self.claude.url))
        accounts.save_api_key(user=self.alice, api_key=KEY, now=timezone.now())
        # Those of the key's test.
        self.claude.requests.clear()
        self.server = self.enterContext(AsgiServer())
        # Before the database is emptied, nothing may write to it any more.
        self.addCleanup(background.shutdown, 5.0)
        self.client.force_login(self.alice)

    def ask(self, content: str = "What is a cell?", client: Client | None = None) -> Message:
        """Ask in a new conversation and return the answer's row."""
        response = (client or self.client).post(
            "/chat/start/", {"content": content, "action": "ask"}
        )
        assert response.status_code == 302, response.content.decode()[:300]
        conversation_id = response["Location"].split("/")[2]
        return Message.objects.get(conversation_id=conversation_id, role="assistant")

    def stream(self, answer: Message, client: Client | None = None) -> EventStream:
        session = (client or self.client).cookies[settings.SESSION_COOKIE_NAME].value
        opened = EventStream(self.server.port, f"/chat/messages/{answer.id}/stream/", session)
        self.addCleanup(opened.close)
        return opened

    def all_events(self, answer: Message) -> list[Event]:
        return list(self.stream(answer).events())

    def finished(self, answer: Message, *, timeout_seconds: float = 10) -> Message:
        """Return the row once nobody writes it any more."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            answer.refresh_from_db()
            if not answer.is_being_written:
                return answer
            time.sleep(0.02)
        raise AssertionError("The answer is still being written.")

    def wait_for_text(self, answer: Message, *, timeout_seconds: float = 10) -> str:
        """Return what is on the row once something is."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            answer.refresh_from_db()
            if answer.content:
                return answer.content
            time.sleep(0.02)
        raise AssertionError("Nothing was written.")


def shown(events: list[Event]) -> str:
    """Return the HTML that a page shows after these events, as chat.js puts it together."""
    html = tail = ""
    for event in events:
        if event.name == "reset":
            html, tail = event.data["html"], event.data["tail"]
        elif event.name == "append":
            html, tail = html + event.data["html"], ""
        elif event.name == "tail":
            tail = event.data["html"]
        elif event.name == "text":
            tail += html_escape(event.data["text"])
        elif event.name in {"done", "failed"}:
            return str(event.data["html"])
    return html + tail
