"""Failures of an answer: their kind, and what the learner can do about them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from accounts.services import fallback_for, is_learners_own, is_mended, name_of_fallback
from chat.models import Message
from memoryloop.llm import base as llm

ErrorKind = Message.ErrorKind
# Failures that another provider may not have, besides those with the key.
_PROVIDER_KINDS = frozenset({ErrorKind.MODEL, ErrorKind.PROVIDER, ErrorKind.BROKEN})

_KINDS: tuple[tuple[type[llm.LlmError], Message.ErrorKind], ...] = (
    (llm.AuthenticationFailed, ErrorKind.KEY),
    (llm.PermissionRefused, ErrorKind.RIGHTS),
    (llm.RateLimited, ErrorKind.LIMIT),
    (llm.ModelNotFound, ErrorKind.MODEL),
)


def kind_of(
    error: llm.LlmError, provider: llm.Provider | None, *, answering: bool
) -> Message.ErrorKind:
    """Return the kind of an error. `answering`: some text came before it."""
    broken = ErrorKind.BROKEN if answering else ErrorKind.PROVIDER
    kind = next((kind for is_a, kind in _KINDS if isinstance(error, is_a)), broken)
    if kind == ErrorKind.KEY and not is_learners_own(provider):
        # The server's key, which the learner cannot change: they can add one of their own.
        return ErrorKind.RIGHTS
    return kind


def retry_at(error: llm.LlmError) -> datetime | None:
    """Return when the provider accepts questions again, if it said so."""
    seconds = (
        error.retry_after_seconds if isinstance(error, (llm.RateLimited, llm.Overloaded)) else None
    )
    return timezone.now() + timedelta(seconds=seconds) if seconds else None


def offer_fallback(owner: User, messages: Sequence[Message], leaf_id: UUID | None) -> None:
    """Set `fallback` and `is_mended` on the last answer if it failed.

    `fallback` names the provider that can answer instead; `is_mended` says that the key
    was refused and was changed or tested since. Two SQL queries if there is such an answer, four
    if its key was refused, and perhaps a probe of a local server.
    """
    for message in messages:
        if (
            message.id == leaf_id
            and message.can_be_retried
            and message.provider
            and (message.concerns_the_key or message.error_kind in _PROVIDER_KINDS)
        ):
            if message.error_kind == ErrorKind.KEY:
                message.is_mended = is_mended(user=owner, failed=message.provider)
            other = fallback_for(owner, failed=message.provider)
            name = name_of_fallback(other, failed=message.provider)
            message.fallback = name  # type: ignore[attr-defined] # for the template
