"""An HTTP server in a thread that answers as it is told, well or badly."""

import contextlib
import itertools
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

HANG_SECONDS = 600.0
HELD_AFTER = 12


@dataclass(frozen=True)
class Step:
    """How one request is answered. Everything left out is the ordinary answer."""

    # What the model says in chat; "" is an empty answer. None: something believable.
    text: str | None = None
    # What it says when asked for an object: the object itself, or prose (or broken JSON) as text.
    structured: object = None
    # How many items a list gets in a made-up object, and whether they hold HTML with scripts.
    count: int | None = None
    html: bool = False
    # An HTTP answer in place of the model's.
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | bytes | dict[str, Any] | None = None
    # How a streamed answer is sent.
    first_delay_seconds: float = 0.0
    delay_seconds: float = 0.0
    byte_at_a_time: bool = False
    # How many events go over the wire in one piece.
    together: int = 1
    # What a streamed answer waits for after its first events (HELD_AFTER).
    held: threading.Event | None = None
    # Signs of life before the first text: pings, or comment lines. `delay_seconds` is between them.
    pings: int = 0
    # An error event after this many pieces of text.
    error: dict[str, Any] | None = None
    error_after: int = 2
    # Events that no documentation names, among the ordinary ones.
    unknown_events: bool = False
    # The connection is cut after this many bytes of the body (0: before the headers).
    cut_after: int | None = None
    # Nothing more comes after this many bytes of the body (0: not even headers).
    hang_after: int | None = None
    # Why the model stopped: "max_tokens"/"length", "refusal"/"content_filter".
    stop_reason: str = ""
    # A client's second attempt at the same request fails as the first did, unless this is set.
    recovers: bool = False


@dataclass
class Recorded:
    """A request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    json: Any
    # Set when the client has gone before the whole answer was sent.
    client_left: threading.Event = field(default_factory=threading.Event)
    # Set when the server is done with it, whatever the outcome.
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def key(self) -> str:
        """The API key that came with it, in either of the usual headers."""
        return self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix(
            "Bearer "
        )


class ProviderServer:
    """A provider on 127.0.0.1. Use as a context manager, or `start()` and `stop()`."""

    name: ClassVar[str]

    def __init__(self, port: int = 0, *, delay_seconds: float = 0.0) -> None:
        self.requests: list[Recorded] = []
        self.models = self.default_models()
        # Keys that are turned away with 401, besides those that end in "refused".
        self.refused_keys: set[str] = set()
        self._default = Step(delay_seconds=delay_seconds)
        self._steps: list[Step] = []
        self._last: Step = self._default
        self._lock = threading.Lock()
        self._http = _listening(port)
        self._http.provider = self
        self._thread: threading.Thread | None = None

    # Scripting

    def script(self, *, times: int = 1, **how: Any) -> None:
        """Answer the next `times` questions to the model as a Step(**how) says."""
        with self._lock:
            self._steps += [Step(**how)] * times

    def reply(self, text: str, **how: Any) -> None:
        """Answer the next question with this text."""
        self.script(text=text, **how)

    def default(self, **how: Any) -> None:
        """Answer every question that no script is left for as a Step(**how) says."""
        self._default = Step(**how)

    def take(self, request: Recorded) -> Step:
        """Return how to answer a question to the model."""
        with self._lock:
            again = request.headers.get("x-stainless-retry-count", "0") != "0"
            if not (again and self._last is not self._default and not self._last.recovers):
                self._last = self._steps.pop(0) if self._steps else self._default
            return self._last

    def questions(self) -> list[Recorded]:
        """Return the requests that asked the model something.

        One that was called off while it was sent has asked nothing.
        """
        return [
            request
            for request in self.requests
            if request.method == "POST" and request.path != "/api/show" and request.json is not None
        ]

    # Running

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """The address as the provider's SDK takes it."""
        raise NotImplementedError

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.02,), name=f"{self.name}-server", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        self._http.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        if self._thread:
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # What a provider defines

    def default_models(self) -> list[str]:
        raise NotImplementedError

    def respond(self, request: Recorded) -> "Response":
        raise NotImplementedError

    def refuses(self, request: Recorded) -> bool:
        return request.key in self.refused_keys or request.key.endswith("refused")


@dataclass
class Response:
    """What goes over the wire: either a whole body, or events that are sent as they are made."""

    body: bytes = b""
    events: Iterable[bytes] | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    step: Step = field(default_factory=Step)


def json_response(value: object, status: int = 200, step: Step | None = None) -> Response:
    return Response(
        body=json.dumps(value).encode(),
        status=status,
        headers={"Content-Type": "application/json"},
        step=step or Step(),
    )


def scripted_response(step: Step, error: dict[str, Any]) -> Response | None:
    """Return the plain HTTP answer that a step asks for, if it does."""
    if step.status == 200 and step.body is None:
        return None
    value = error if step.body is None else step.body
    body = value if isinstance(value, bytes) else None
    if body is None:
        body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    kind = "text/html" if body.lstrip().startswith(b"<") else "application/json"
    return Response(
        body=body, status=step.status, headers={"Content-Type": kind, **step.headers}, step=step
    )


def as_json(value: object) -> bytes:
    """Return JSON as providers send it: letters of all scripts as they are, in UTF-8."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a character, which JSON can escape
        return json.dumps(value).encode()


def pieces(text: str) -> Iterator[str]:
    """Cut a text about as a model does: a few characters at a time."""
    for start in range(0, len(text), 5):
        yield text[start : start + 5]


def _gathered(events: Iterable[bytes] | None, count: int) -> Iterator[bytes]:
    """Join this many events at a time."""
    iterator = iter(events or ())
    while piece := b"".join(itertools.islice(iterator, count)):
        yield piece


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    provider: ProviderServer

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are what these servers are for."""


# Of this process: it remembers for minutes what it was told at an address.
_given_ports: set[int] = set()


def _listening(port: int) -> _Http:
    """Return a server at this port; for 0 at one that no earlier server of this process had."""
    while True:
        found = _Http(("127.0.0.1", port), _Handler)
        if port or found.server_port not in _given_ports:
            _given_ports.add(found.server_port)
            return found
        found.server_close()


class _Cut(Exception):
    """The script says to cut the connection here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http
    # Small events must not wait for one another.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # its name there
        """Keep quiet."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        with contextlib.suppress(ValueError):
            raw = json.loads(raw)
        request = Recorded(
            self.command,
            self.path.partition("?")[0],
            {name.lower(): value for name, value in self.headers.items()},
            raw or None,
        )
        provider = self.server.provider
        provider.requests.append(request)
        try:
            self._send(provider.respond(request))
        except _Cut:
            self._reset()
        except (OSError, ConnectionError):
            request.client_left.set()
            self.close_connection = True
        finally:
            request.done.set()

    def _send(self, response: Response) -> None:
        step = response.step
        self._wait(step.first_delay_seconds)
        if step.cut_after == 0:
            raise _Cut
        if step.hang_after == 0:
            self._hang()
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        chunked = response.events is not None
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        sent = 0
        events = _gathered(response.events, step.together) if chunked else [response.body]
        for number, event in enumerate(events):
            while step.held and number == HELD_AFTER and not step.held.is_set():
                self._wait(0.02)
            parts = [event]
            if step.byte_at_a_time:
                parts = [event[index : index + 1] for index in range(len(event))]
            for part in parts:
                sent = self._send_part(part, sent, step, chunked=chunked)
            if chunked:
                self._wait(step.delay_seconds)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _send_part(self, part: bytes, sent: int, step: Step, *, chunked: bool) -> int:
        """Send some of the body and return how much has gone. Raises _Cut."""
        for end, cut in ((step.cut_after, True), (step.hang_after, False)):
            if end is not None and sent + len(part) >= end:
                self._write(part[: end - sent], chunked=chunked)
                if cut:
                    raise _Cut
                self._hang()
        self._write(part, chunked=chunked)
        return sent + len(part)

    def _write(self, data: bytes, *, chunked: bool) -> None:
        if not data:
            return
        self._check_client()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)
        self.wfile.flush()

    def _wait(self, seconds: float) -> None:
        """Wait, and raise ConnectionError as soon as the client goes."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.server.stopping.is_set():
                raise ConnectionError("the server stops")
            self._check_client(min(left, 0.05))

    def _hang(self) -> None:
        self._wait(HANG_SECONDS)
        raise ConnectionError("hung long enough")

    def _check_client(self, seconds: float = 0.0) -> None:
        # poll() takes any descriptor; select() only the first 1,024.
        poll = select.poll()
        poll.register(self.connection, select.POLLIN | select.POLLHUP)
        if not poll.poll(seconds * 1000):
            return
        if not self.connection.recv(1, socket.MSG_PEEK):
            raise ConnectionError("the client has left")
        time.sleep(seconds)

    def _reset(self) -> None:
        """Close the connection as a crash does, without the end that the protocol asks for."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
