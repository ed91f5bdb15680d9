"""The messages that a question recalls, found and chosen as an answer does."""

from collections.abc import Sequence
from uuid import UUID

from chat.recall import related_messages
from memoryloop.llm.base import Found


def recalled(
    owner_id: UUID, text: str, *, leave_out: Sequence[UUID] = (), limit: int = 5
) -> list[Found]:
    found = related_messages.candidates(
        owner_id=owner_id, text=text, limit=limit * 2 + len(leave_out)
    )
    return related_messages.select(
        found, owner_id=owner_id, text=text, leave_out=leave_out, limit=limit
    )
