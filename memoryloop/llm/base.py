"""What every model provider offers, and every way it can fail, in plain words."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel

from memoryloop.errors import UserError

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class ChatMessage:
    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True)
class Found:
    """Something of the learner's own that bears on what they ask.

    `why` says in a few words how it was found ("shares the words cell, membrane").
    """

    kind: Literal["message", "card"]
    title: str
    text: str
    url: str
    why: str


class Provider(Protocol):
    """Somebody who answers. Made for one learner, cheap, holds no connection.

    `model` may be empty until the first answer, when the server is asked what it has.
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
        found: Sequence[Found] = (),
        max_tokens: int = 4096,
    ) -> AsyncIterator[str]:
        """Yield the answer in pieces, none of them empty. Raises LlmError.

        Cancelling the task that reads, or closing the iterator, closes the connection.
        `found` is for providers that are no model; the others are told in `system`.
        """
        ...

    async def structured(
        self, *, system: str, prompt: str, schema: type[T], max_tokens: int = 8192
    ) -> T:
        """Return one validated object. Asks a second time, with the error, when the first is wrong.

        Raises BadResponse after that, NotAModel when there is no model, LlmError otherwise.
        """
        ...


class LlmError(UserError):
    """A provider could not answer. The sentence also says what the learner can do."""


class AuthenticationFailed(LlmError):
    """The key is missing, mistyped, revoked or of another provider."""


class PermissionRefused(LlmError):
    """The key is known, but may not do this: no credit, no access to the model or region."""


class ModelNotFound(LlmError):
    """The provider has no such model, or none at all."""


class RequestTooLong(LlmError):
    """The conversation is longer than the model or the provider takes."""


class RequestRefused(LlmError):
    """The provider did not accept the request, or the model declines to answer it."""


class RateLimited(LlmError):
    """Too many requests. `retry_after_seconds` is None when the provider does not say."""

    def __init__(self, sentence: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class Overloaded(LlmError):
    """The provider has trouble of its own (HTTP 5xx)."""


class Unreachable(LlmError):
    """No connection: not running, wrong address, no network."""


class AddressRefused(Unreachable):
    """A learner named a server that this one does not connect to for learners (guard.py)."""


class TimedOut(LlmError):
    """The provider was silent for too long."""


class BrokenOff(LlmError):
    """The answer ended in the middle. What came before it stands."""


class LengthReached(LlmError):
    """The answer is as long as it may be, and ends there. All that came stands."""


class BadResponse(LlmError):
    """The provider answered with nothing, or with something that cannot be used."""


class NotAModel(LlmError):
    """There is no model to ask."""
