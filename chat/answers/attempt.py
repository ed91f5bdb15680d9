"""The attempt at an answer that is being written in this process: its text and its watchers."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from accounts.models import User
from chat.answers.seam import Seam, whole_words
from chat.answers.watchers import Watcher
from chat.models import Message
from chat.recall import prompts
from chat.recall.lookup import Lookup
from memoryloop.llm import base as llm


class Generation:
    """One attempt at an answer, while it is being written in this process."""

    def __init__(
        self,
        *,
        answer: Message,
        owner: User,
        instead_of: str = "",
        lookup: Lookup | None = None,
        so_far: str = "",
    ) -> None:
        self.answer = answer
        self.owner = owner
        self.lookup = lookup
        # The label of the provider that failed and is not asked this time.
        self.instead_of = instead_of
        self.provider: llm.Provider | None = None
        self.prompt: prompts.Prompt | None = None
        # Whether the prompt is stored (chat.recall.answer_context).
        self.is_prompt_stored = False
        self.finished = False
        self.stopped = False
        # The text that this attempt adds to, if it goes on with an answer.
        self._so_far = so_far
        # Whether the model has written anything.
        self.has_begun = False
        beginning = whole_words(so_far)
        self._parts: list[str] = [beginning] if beginning else []
        self._seam = Seam(beginning) if beginning else None
        self._watchers: set[Watcher] = set()
        self._lock = threading.Lock()
        # A "\r" at the end of a piece, until it is known whether "\n" follows.
        self._held_back = ""
        self._stop: Callable[[], object] | None = None

    @property
    def text(self) -> str:
        """Return the text so far. Cheap if nothing was added since the last call."""
        with self._lock:
            if len(self._parts) > 1:
                self._parts = ["".join(self._parts)]
            return self._parts[0] if self._parts else ""

    @property
    def goes_on(self) -> bool:
        return bool(self._so_far)

    @property
    def text_to_keep(self) -> str:
        """Return the text so far; the earlier one if nothing was added to it."""
        return self.text if self.has_begun or not self._so_far else self._so_far

    def append(self, piece: str) -> None:
        """Add a piece of the answer, cleaned for PostgreSQL and for the browser."""
        if self._seam is not None:
            piece = self._seam.feed(piece)
        self._add(piece)

    def close(self) -> None:
        """Add what was held back, when the model has ended."""
        if self._seam is not None:
            self._add(self._seam.close())

    def _add(self, piece: str) -> None:
        piece = self._held_back + piece
        self._held_back = "\r" if piece.endswith("\r") else ""
        piece = piece.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        piece = piece.replace("\0", "").encode("utf-8", "replace").decode()
        if piece:
            with self._lock:
                self._parts.append(piece)
            self.has_begun = True
            self._notify()

    def finish(self) -> None:
        self.finished = True
        self._notify()

    def stop(self) -> None:
        """End the generation and keep its text. May be called from any thread."""
        self.stopped = True
        if self._stop is not None:
            self._stop()

    def on_stop(self, stop: Callable[[], object]) -> None:
        self._stop = stop
        if self.stopped:
            stop()

    @contextlib.contextmanager
    def watched(self) -> Iterator[Watcher]:
        """Give a watcher that is notified of each piece, until the end of the `with` block."""
        watcher = Watcher()
        with self._lock:
            self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            watcher.close()
            with self._lock:
                self._watchers.discard(watcher)

    def _notify(self) -> None:
        with self._lock:
            watchers = list(self._watchers)
        for watcher in watchers:
            watcher.notify()
