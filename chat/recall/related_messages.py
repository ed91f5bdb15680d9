"""Related messages: the learner's earlier messages that bear on a text, to be quoted in a prompt.

`candidates` ranks messages as a search does, by words and by meaning; `select` reads the best of
them and cuts them to the room there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Left
from django.urls import reverse

from chat.models import Message
from chat.recall import message_search
from chat.recall.embedding import EMBEDDED_CHARACTERS
from chat.recall.hits import By
from chat.recall.tokens import cut_to_tokens, estimate_tokens
from memoryloop.llm.base import Found

# What a message scores at least that is quoted, by what it was found (message_search.Ranked).
FAINTEST: dict[By, float] = {"words": 0.0, "spelling": 0.0, "some words": 0.35, "meaning": 0.1}
_WHY: dict[By, str] = {
    "words": "the same words",
    "spelling": "nearly the same words",
    "some words": "some of the same words",
    "meaning": "close in meaning",
}
# What all quoted messages may take of the prompt, and any one of them.
QUOTED_TOKENS = 2_000
MESSAGE_TOKENS = 500
# The beginning of a message is quoted only if it has at least this many tokens.
FEWEST_TOKENS = 40
# Many, because the nearest messages are often part of the conversation itself, which is sent
# anyway.
CANDIDATES = 60
# MESSAGE_TOKENS of a text that is half spaces.
_READ_CHARACTERS = 4_000
OWN = "earlier in this conversation"
FOR_THE_LAST = "found for the question before"


@dataclass(frozen=True)
class _Message:
    id: UUID
    content: str
    created_at: datetime
    title: str
    conversation_id: UUID


@dataclass(frozen=True)
class Candidate:
    """A message that may bear on a text, and the reason."""

    id: UUID
    why: str


def candidates(*, owner_id: UUID, text: str, limit: int = CANDIDATES) -> list[Candidate]:
    """Return the messages that may bear on a text, the best first.

    Ranked as a search of messages is (recall.message_search), without those that have only some
    words of the text and are not near in meaning. Some eight short SQL queries.
    """
    ranked = message_search.rank(owner_id=owner_id, text=text[:EMBEDDED_CHARACTERS], limit=limit)
    return [Candidate(each.id, _WHY[each.by]) for each in ranked if each.score >= FAINTEST[each.by]]


def select(
    found: Sequence[Candidate],
    *,
    owner_id: UUID,
    text: str,
    leave_out: Sequence[UUID] = (),
    limit: int = 5,
    conversation_id: UUID | None = None,
) -> list[Found]:
    """Return the candidates to quote, without those in `leave_out`. One SQL query.

    Of the conversation `conversation_id` there may be messages that are too old to be sent whole.
    """
    known = set(leave_out)
    # More than are wanted: the same text may have been written twice.
    left = [candidate for candidate in found if candidate.id not in known][: limit * 3]
    if not left:
        return []
    messages = (
        Message.objects.filter(
            id__in=[candidate.id for candidate in left],
            conversation__owner_id=owner_id,
            conversation__deleted_at=None,
        )
        .exclude(content="")
        .exclude(status=Message.Status.STREAMING)
        .annotate(beginning=Left("content", _READ_CHARACTERS))
        .values_list("id", "beginning", "created_at", "conversation__title", "conversation_id")
    )
    by_id = {row[0]: _Message(*row) for row in messages}
    ranked = [
        (message, OWN if message.conversation_id == conversation_id else each.why)
        for each in left
        if (message := by_id.get(each.id))
    ]
    return _within_budget(ranked, {" ".join(text.split())}, limit)


def read(
    *,
    owner_id: UUID,
    ids: Sequence[str],
    now: datetime,  # noqa: ARG001 - part of the protocol of lookup.Reader
) -> list[Found]:
    """Return messages that were found for the question before. One SQL query."""
    found = [Candidate(UUID(id_), FOR_THE_LAST) for id_ in ids]
    return select(found, owner_id=owner_id, text="")


def _within_budget(
    ranked: Sequence[tuple[_Message, str]], seen: set[str], limit: int
) -> list[Found]:
    found: list[Found] = []
    left = QUOTED_TOKENS
    for message, why in ranked:
        flat = " ".join(message.content.split())
        if flat in seen:
            continue
        seen.add(flat)
        text = cut_to_tokens(flat, min(left, MESSAGE_TOKENS))
        left -= estimate_tokens(text)
        found.append(
            Found(
                kind="message",
                title=message.title,
                text=text,
                url=reverse("chat:message", args=[message.id]),
                why=f"{why}, {message.created_at:%-d %B %Y}",
                id=str(message.id),
            )
        )
        if len(found) == limit or left < FEWEST_TOKENS:
            break
    return found
