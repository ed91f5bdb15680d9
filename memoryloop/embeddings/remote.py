"""The remote embedder: a model on the operator's own server, over Ollama's protocol or OpenAI's.

An address without a path is asked as Ollama first (`/api/embed`); a server that does not know that,
and any address with a path, as OpenAI (`/v1/embeddings`). The address is a setting of whoever runs
MemoryLoop, so that addresses on this machine and in its network are allowed, unlike those that
learners name (memoryloop/llm/guard.py).
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, NoReturn, TypeVar
from urllib.parse import urlsplit

import numpy as np
import orjson
from django.conf import settings
from numpy.typing import NDArray

from memoryloop.embeddings.answers import vectors_in
from memoryloop.embeddings.base import EmbeddingError
from memoryloop.embeddings.unrelated import measure_unrelated
from memoryloop.llm import base as llm
from memoryloop.llm import transport
from memoryloop.llm.failures import Failures
from memoryloop.llm.garbled import fit
from memoryloop.llm.server_names import OPENAI_URL, label_for, without_password

if TYPE_CHECKING:
    import httpx2

Vector = NDArray[np.float32]
T = TypeVar("T")

# A query is waited for by a page, which then searches by words alone.
QUERY_SECONDS = 2.0
# After a query that failed, further ones fail at once for so long.
AWAY_SECONDS = 15.0
# A batch is asked for in the background; Ollama may have to load the model first.
BATCH_SECONDS = 120.0
# What one request holds. OpenAI takes 300,000 tokens and 2,048 texts; local servers far less.
BATCH_TEXTS = 64
BATCH_CHARACTERS = 60_000
# How long a busy server is waited for between two requests of a batch, and how often.
PAUSE_SECONDS = 30.0
PAUSES = 3
# A text that is too long for the model is halved, down to this length.
SHORTEST_CHARACTERS = 250
# What pgvector can store.
WIDEST = 16_000
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
# What is sent for an empty text, which servers refuse.
NOTHING = "-"
_TOO_LARGE = re.compile(r"too (large|long|big)|(less|more) than \d+ tokens", re.IGNORECASE)


def from_settings() -> "RemoteEmbedder | None":
    """Return the embedder that the settings name; None where they name none. Asks nothing."""
    if not settings.EMBEDDING_MODEL:
        return None
    url = settings.EMBEDDING_URL
    if not url:
        url = OPENAI_URL if settings.EMBEDDING_API_KEY else settings.OLLAMA_URL
    return RemoteEmbedder(
        url,
        settings.EMBEDDING_API_KEY,
        settings.EMBEDDING_MODEL,
        query_prefix=settings.EMBEDDING_QUERY_PREFIX,
        text_prefix=settings.EMBEDDING_TEXT_PREFIX,
    )


class _Refused(Exception):
    """The server answered with an HTTP status that is an error."""

    def __init__(self, response: "httpx2.Response", body: object) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.response = response
        self.status_code = response.status_code
        self.body = body


class RemoteEmbedder:
    """A model on a server, of any width: the server tells it with the first vectors.

    `query_prefix` and `text_prefix` are put before queries and before texts that are stored, as
    models such as nomic-embed-text and e5 want them. Safe in any thread.
    """

    def __init__(
        self, url: str, key: str, model: str, *, query_prefix: str = "", text_prefix: str = ""
    ) -> None:
        parts = urlsplit(url)
        self._root = f"{parts.scheme}://{parts.netloc}"
        self._compatible = f"{url.rstrip('/')}/embeddings"
        # None until the server has shown which protocol it speaks.
        self._is_ollama: bool | None = None
        if parts.path.strip("/"):
            self._is_ollama = False
        else:
            self._compatible = f"{self._root}/v1/embeddings"
        self._key, self._model = key, model
        self._query_prefix, self._text_prefix = query_prefix, text_prefix
        self.label = label_for(url)
        self.address = without_password(url)
        self._width = 0
        self._unrelated: float | None = None
        self._away_until = 0.0
        self._why_away = ""
        self._lock = threading.Lock()
        self._failures = Failures(self.label, model, hint="", key_hint="", key=key)

    @property
    def name(self) -> str:
        """The model's name, with a mark of the prefix that is before each stored text."""
        if not self._text_prefix:
            return self._model
        return f"{self._model}#{hashlib.sha256(self._text_prefix.encode()).hexdigest()[:8]}"

    @property
    def dimensions(self) -> int:
        """The width of the vectors. Asks the server once. Raises EmbeddingError."""
        if not self._width:
            self.embed(["width"])
        return self._width

    @property
    def unrelated(self) -> float:
        """The distance of texts that have hardly anything in common. Asks the server once.

        Waits QUERY_SECONDS at most. Raises EmbeddingError.
        """
        if self._unrelated is None:

            def measure() -> float:
                # Kept, too, when it comes after nobody waits any more.
                self._unrelated = measure_unrelated(self)
                return self._unrelated

            return self._in_time(measure)
        return self._unrelated

    @property
    def why_away(self) -> str:
        """Return why queries fail at once at the moment; "" if they do not."""
        return self._why_away if time.monotonic() < self._away_until else ""

    def embed(self, texts: Sequence[str]) -> Vector:
        """Return (n, dimensions) float32, each row of length 1. Raises EmbeddingError.

        Takes one request for each BATCH_TEXTS texts, of up to two minutes.
        """
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        ready = [self._ready(text, self._text_prefix) for text in texts]
        return np.concatenate([self._embed_patiently(batch) for batch in _batches(ready)])

    def embed_query(self, text: str) -> Vector:
        """Return (dimensions,) float32 of length 1, for a text that is looked for.

        Waits QUERY_SECONDS at most. Raises EmbeddingError; then so do all queries of the next
        AWAY_SECONDS, at once.
        """

        def ask() -> Vector:
            ready = self._ready(text, self._query_prefix)
            vector: Vector = self._embed_batch([ready], seconds=QUERY_SECONDS)[0]
            return vector

        return self._in_time(ask)

    def _in_time(self, ask: Callable[[], T]) -> T:
        """Return what `ask` returns within QUERY_SECONDS. Raises EmbeddingError."""
        if why := self.why_away:
            raise EmbeddingError(why)
        outcome: Future[T] = Future()

        def run() -> None:
            try:
                outcome.set_result(ask())
            except BaseException as error:
                outcome.set_exception(error)

        # In a thread that can be left behind: a socket's time limit starts anew with each byte,
        # and a name may take long to resolve.
        threading.Thread(target=run, name="embed-query", daemon=True).start()
        try:
            return outcome.result(timeout=QUERY_SECONDS)
        except FutureTimeout:
            error = EmbeddingError(f"{self.label} did not answer in time.")
        except EmbeddingError as failure:
            error = failure
        self._why_away, self._away_until = error.sentence, time.monotonic() + AWAY_SECONDS
        raise error

    def _ready(self, text: str, prefix: str) -> str:
        return f"{prefix} {fit(text).strip() or NOTHING}".lstrip()

    def _embed_patiently(self, texts: list[str]) -> Vector:
        """Embed a batch, and wait for a server that is busy for a moment."""
        for _ in range(PAUSES):
            try:
                return self._embed_batch(texts)
            except EmbeddingError as error:
                seconds = getattr(error.__cause__, "retry_after_seconds", None)
                if seconds is None or seconds > PAUSE_SECONDS:
                    raise
                time.sleep(seconds)
        return self._embed_batch(texts)

    def _embed_batch(self, texts: list[str], *, seconds: float = BATCH_SECONDS) -> Vector:
        """Return the vectors of texts that go into one request, or more if they are too long."""
        try:
            return self._read(self._ask(texts, seconds), len(texts))
        except llm.LlmError as error:
            if not _may_be_too_much(error):
                raise EmbeddingError(self._sentence(error)) from error
            refusal = error
        if len(texts) > 1:
            half = len(texts) // 2
            parts = texts[:half], texts[half:]
            return np.concatenate([self._embed_batch(part, seconds=seconds) for part in parts])
        (text,) = texts
        if len(text) <= SHORTEST_CHARACTERS:
            raise EmbeddingError(self._sentence(refusal)) from refusal
        return self._embed_batch([text[: len(text) // 2]], seconds=seconds)

    def _ask(self, texts: list[str], seconds: float) -> object:
        """Return what the server answers. Raises LlmError."""
        try:
            if self._is_ollama is not False:
                try:
                    answer = self._post(f"{self._root}/api/embed", texts, seconds)
                except _Refused as refusal:
                    if not _is_unknown_address(refusal.status_code, refusal.body):
                        raise
                else:
                    if isinstance(answer, dict) and "embeddings" in answer:
                        self._is_ollama = True
                        return answer
                if self._is_ollama:
                    raise self._failures.unreadable()
            answer = self._post(self._compatible, texts, seconds)
            self._is_ollama = False
            return answer
        except llm.LlmError:
            raise
        except Exception as error:
            raise self._failures.from_sdk(error, answering=False) from None

    def _post(self, url: str, texts: list[str], seconds: float) -> object:
        """Return the JSON of an answer. Raises _Refused, httpx2's errors, ValueError."""
        ends = time.monotonic() + seconds
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        body = {"model": self._model, "input": texts}
        client = _client(url)
        with client.stream(
            "POST", url, json=body, headers=headers, timeout=transport.timeout(seconds)
        ) as response:
            parts, size = [], 0
            for part in response.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > MAX_RESPONSE_BYTES:
                    raise self._failures.unreadable()
                if time.monotonic() > ends:
                    raise self._failures.timed_out(answering=False)
        content = b"".join(parts)
        if response.is_success:
            try:
                return orjson.loads(content)
            except ValueError:
                raise self._failures.unreadable() from None
        try:
            said: object = orjson.loads(content)
        except ValueError:
            said = content.decode(errors="replace")
        raise _Refused(response, said)

    def _read(self, answer: object, count: int) -> Vector:
        """Return the vectors of an answer, of length 1. Raises EmbeddingError."""
        rows = vectors_in(answer)
        if rows is None:
            self._fail(f"{self._named} answered without vectors. Is it an embedding model?")
        if len(rows) != count:
            self._fail(f"{self._named} sent {len(rows)} vectors for {count} texts.")
        try:
            vectors = np.asarray(rows, dtype=np.float64)
        except (ValueError, TypeError):
            self._fail(f"{self._named} sent vectors of several widths, or none of numbers.")
        if vectors.ndim != 2 or not 0 < vectors.shape[1] <= WIDEST:
            self._fail(f"{self._named} sent vectors of a width that cannot be stored.")
        with np.errstate(over="ignore", invalid="ignore"):
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or (lengths == 0).any():
            self._fail(f"{self._named} sent vectors that hold no direction.")
        width = int(vectors.shape[1])
        with self._lock:
            self._width = self._width or width
            if width != self._width:
                self._fail(
                    f"{self._named} sent vectors of {width:,} numbers, where there were "
                    f"{self._width:,} before: it seems to be another model under the same name."
                )
        # It answers, so that queries need not wait for the end of a pause.
        self._away_until = 0.0
        units: Vector = (vectors / lengths).astype(np.float32)
        return units

    @property
    def _named(self) -> str:
        return f"The embedding model {self._model} ({self.label})"

    def _fail(self, sentence: str) -> NoReturn:
        raise EmbeddingError(sentence)

    def _sentence(self, error: llm.LlmError) -> str:
        """Return what has happened, for whoever runs this server."""
        where = f"{self.label} at {self.address}"
        if isinstance(error, llm.AuthenticationFailed | llm.PermissionRefused):
            return (
                f"{where} refused the key in EMBEDDING_API_KEY."
                if self._key
                else (f"{where} wants a key: set EMBEDDING_API_KEY.")
            )
        if isinstance(error, llm.ModelNotFound):
            pull = f"Run `ollama pull {self._model}`, or name" if self.label == "Ollama" else "Name"
            return f"{where} has no model named “{self._model}”. {pull} another in EMBEDDING_MODEL."
        if isinstance(error, llm.Redirected):
            return error.sentence.strip()
        if isinstance(error, llm.Unreachable) and error.status:
            return f"{where} has nothing at this address. Check EMBEDDING_URL."
        if isinstance(error, llm.Unreachable):
            return f"{where} cannot be reached. Start it, or check EMBEDDING_URL."
        if isinstance(error, llm.TimedOut):
            return f"{where} did not answer in time."
        if isinstance(error, llm.BadResponse):
            return f"{where} answered in a way that could not be read."
        if isinstance(error, llm.RequestTooLong | llm.RequestRefused):
            said = self._failures.quote(error.said)
            return f"{where} accepts no texts for the model “{self._model}”.{said}"
        return error.sentence.strip()


_clients: "dict[bool, httpx2.Client]" = {}
_clients_lock = threading.Lock()


def _client(url: str) -> "httpx2.Client":
    """Return the process's client for addresses on this machine, or for others."""
    import httpx2

    local = transport.is_local(url)
    with _clients_lock:
        if local not in _clients:
            _clients[local] = httpx2.Client(trust_env=not local)
        return _clients[local]


def _batches(texts: list[str]) -> "list[list[str]]":
    """Cut texts into batches of BATCH_TEXTS and BATCH_CHARACTERS at most, in their order."""
    batches: list[list[str]] = []
    room = 0
    for text in texts:
        cut = text[:BATCH_CHARACTERS]
        if not batches or len(batches[-1]) == BATCH_TEXTS or len(cut) > room:
            batches.append([])
            room = BATCH_CHARACTERS
        batches[-1].append(cut)
        room -= len(cut)
    return batches


def _may_be_too_much(error: llm.LlmError) -> bool:
    """Tell whether fewer or shorter texts may be accepted. Servers say it in many ways."""
    if isinstance(error, llm.RequestTooLong | llm.RequestRefused):
        return True
    return isinstance(error, llm.Overloaded) and bool(_TOO_LARGE.search(error.said))


def _is_unknown_address(status: int, body: object) -> bool:
    """Tell whether a refusal is of the address. Ollama says “model … not found” of a model."""
    said = body.get("error") if isinstance(body, dict) else None
    return status in {404, 405, 501} and not (isinstance(said, str) and "model" in said)
