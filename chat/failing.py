"""The ways out that are offered when an answer could not be written."""

from collections.abc import Sequence
from uuid import UUID

from accounts.models import User
from accounts.services import fallback_for
from chat.models import Message

ErrorKind = Message.ErrorKind
# Troubles that somebody else does not have, besides those with the key.
_OF_THE_PROVIDER = frozenset({ErrorKind.PROVIDER, ErrorKind.BROKEN})


def offer_fallback(owner: User, messages: Sequence[Message], leaf_id: UUID | None) -> None:
    """Set `fallback`, the label of what could answer instead, on an answer that failed last.

    Costs two SQL queries and perhaps a probe, and only where there is such an answer.
    """
    for message in messages:
        if (
            message.id == leaf_id
            and message.can_be_retried
            and message.provider
            and (message.concerns_the_key or message.error_kind in _OF_THE_PROVIDER)
        ):
            other = fallback_for(owner, failed=message.provider)
            if other.label != message.provider:
                message.fallback = other.label  # type: ignore[attr-defined] # for the template
