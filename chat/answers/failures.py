"""What kind of failure it is when an answer could not be written, and the ways out of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from accounts.services import fallback_for, is_learners_own, is_mended
from chat.models import Message
from memoryloop.llm import base as llm

ErrorKind = Message.ErrorKind
# Troubles that somebody else does not have, besides those with the key.
_OF_THE_PROVIDER = frozenset({ErrorKind.MODEL, ErrorKind.PROVIDER, ErrorKind.BROKEN})

_KINDS: tuple[tuple[type[llm.LlmError], Message.ErrorKind], ...] = (
    (llm.AuthenticationFailed, ErrorKind.KEY),
    (llm.PermissionRefused, ErrorKind.RIGHTS),
    (llm.RateLimited, ErrorKind.LIMIT),
    (llm.ModelNotFound, ErrorKind.MODEL),
)


def kind_of(
    error: llm.LlmError, provider: llm.Provider | None, *, answering: bool
) -> Message.ErrorKind:
    """Return what kind of trouble an error is to the learner. `answering`: words came before it."""
    broken = ErrorKind.BROKEN if answering else ErrorKind.PROVIDER
    kind = next((kind for is_a, kind in _KINDS if isinstance(error, is_a)), broken)
    if kind == ErrorKind.KEY and not is_learners_own(provider):
        # A key of the server's, which they cannot fix: they may use one of their own.
        return ErrorKind.RIGHTS
    return kind


def retry_at(error: llm.LlmError) -> datetime | None:
    """Return when the provider takes questions again, if it said so."""
    seconds = error.retry_after_seconds if isinstance(error, llm.RateLimited) else None
    return timezone.now() + timedelta(seconds=seconds) if seconds else None


def offer_fallback(owner: User, messages: Sequence[Message], leaf_id: UUID | None) -> None:
    """Set `fallback`, the label of what could answer instead, on an answer that failed last; and
    `is_mended` if its key was refused and is not any more.

    Costs two SQL queries, four where a key was refused, and perhaps a probe; only where there is
    such an answer.
    """
    for message in messages:
        if (
            message.id == leaf_id
            and message.can_be_retried
            and message.provider
            and (message.concerns_the_key or message.error_kind in _OF_THE_PROVIDER)
        ):
            if message.error_kind == ErrorKind.KEY:
                message.is_mended = is_mended(user=owner, failed=message.provider)
            other = fallback_for(owner, failed=message.provider)
            if other.label != message.provider:
                message.fallback = other.label  # type: ignore[attr-defined] # for the template
