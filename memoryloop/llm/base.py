"""The protocol of a model provider, and the errors that it raises."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel

from memoryloop.errors import UserError

T = TypeVar("T", bound=BaseModel)
# How much a model thinks and writes. None is the model's own measure.
Effort = Literal["low", "medium", "high"]


@dataclass(frozen=True)
class ChatMessage:
    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True)
class Found:
    """A message or card of the learner that is related to their question.

    `why` says in a few words how it was found ("shares the words cell, membrane"). Of what is not
    to be given away, `text` is empty.
    """

    kind: Literal["message", "card"]
    title: str
    text: str
    url: str
    why: str
    # What finds it again.
    id: str = ""
    # Whether the question plainly asks for it, not merely for something near it.
    is_asked: bool = False


class Provider(Protocol):
    """A model that answers. An object is made for each use, is cheap and holds no connection.

    `model` may be empty until the first answer, when the server is asked for its models.
    """

    @property
    def label(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def is_model(self) -> bool: ...

    def stream(
        self,
        *,
        system: str,
        messages: Sequence[ChatMessage],
        quoted: str = "",
        found: Sequence[Found] = (),
        max_tokens: int = 4096,
        is_whole: bool = True,
    ) -> AsyncIterator[str]:
        """Yield the answer's text as it comes, never an empty string. Raises LlmError.

        Cancelling the task that reads, or closing the iterator, closes the connection.
        `system` stays the same from question to question; `quoted` is what was looked up for this
        one. `found` is the same for the offline provider. `max_tokens` are those of the answer.
        `is_whole` tells that `messages` are the conversation from its beginning, as those of the
        next question will be.
        """
        ...

    async def structured(
        self,
        *,
        system: str,
        prompt: str,
        schema: type[T],
        max_tokens: int = 8192,
        effort: Effort | None = None,
    ) -> T:
        """Return one validated object. An invalid first answer is sent back once, with the error.

        `effort` is "low" for a small task that somebody waits for.
        Raises BadResponse after that, NotAModel when there is no model, LlmError otherwise.
        """
        ...

    async def window(self) -> int | None:
        """Return how many tokens the model takes, prompt and answer together; None if unknown.

        May ask the server, for some seconds at most. Never raises LlmError. It may be less after
        a RequestTooLong than before.
        """
        ...


class LlmError(UserError):
    """A provider could not answer. The sentence tells what happened and what to do.

    `status` is the HTTP status, 0 without one. `said` is what the provider wrote, without a key;
    it is for the program, and may be long.
    """

    status = 0
    said = ""


class AuthenticationFailed(LlmError):
    """The key is missing, mistyped, revoked, or belongs to another provider."""


class PermissionRefused(LlmError):
    """The key is valid but not allowed to do this: no credit, no access to the model or region."""


class ModelNotFound(LlmError):
    """The provider has no such model, or none at all."""

    # The names of the models that it has, where a check of the key has listed them.
    known: tuple[str, ...] = ()


class RequestTooLong(LlmError):
    """The conversation is longer than the model or the provider takes."""


class RequestRefused(LlmError):
    """The provider did not accept the request, or the model declines to answer it."""


class RateLimited(LlmError):
    """Too many requests. `retry_after_seconds` is None where the provider gives no time."""

    def __init__(self, sentence: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class Overloaded(LlmError):
    """The provider failed (HTTP 5xx), or is too busy. The seconds as in RateLimited."""

    def __init__(self, sentence: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class Unreachable(LlmError):
    """No connection: not running, wrong address, no network."""


class Redirected(Unreachable):
    """The address leads to another one, which is not followed."""


class AddressRefused(Unreachable):
    """A learner named a server that this one does not connect to for learners (guard.py)."""


class TimedOut(LlmError):
    """The provider was silent for too long."""


class BrokenOff(LlmError):
    """The connection ended in the middle of the answer. The text before that is kept."""


class EndUnmarked(BrokenOff):
    """The answer may be complete: the server ended it in order, without the mark of an end."""


class LengthReached(LlmError):
    """The answer reached its length limit. Its text is kept."""


class BadResponse(LlmError):
    """The answer is empty or cannot be used."""


class NotAModel(LlmError):
    """No model is connected."""
