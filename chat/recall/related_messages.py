"""Related messages: the learner's earlier messages that bear on a text, to be quoted in a prompt.

`candidates` ranks messages by meaning and by words; `select` reads the best of them and cuts them
to the room there is.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Left
from django.urls import reverse

from chat.models import Message
from chat.recall import message_search
from chat.recall.embedding import EMBEDDED_CHARACTERS
from chat.recall.tokens import cut_to_tokens, estimate_tokens
from memoryloop import embeddings
from memoryloop.llm.base import Found

logger = logging.getLogger(__name__)

# With MiniLM unrelated sentences lie at 0.8 and beyond, a question and its answer at 0.2 to 0.6.
MAX_DISTANCE = 0.62
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
_WORD = re.compile(r"\w{3,40}")
_STOP_WORDS = frozenset(
    word
    for line in (
        "about and are between can did does explain for from has have how into its not please",
        "tell that the their there this was were what when where which who why with would you your",
    )
    for word in line.split()
)


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


def candidates(
    *,
    owner_id: UUID,
    text: str,
    limit: int = CANDIDATES,
    conversation_id: UUID | None = None,
) -> list[Candidate]:
    """Return the messages that may bear on a text, the best first.

    Two or three SQL queries; two more where messages outside the conversation `conversation_id`
    lack an embedding. Those of that conversation are its newest, which are sent with the question.
    """
    near = _near(owner_id, text, limit)
    by_words = []
    if near is None or message_search.has_unembedded(owner_id=owner_id, but=conversation_id):
        # Where meaning can be searched by, words are for the messages without an embedding.
        by_words = _by_words(owner_id, text, limit, unembedded=near is not None)
    why = dict.fromkeys(by_words, "the same words") | dict.fromkeys(near or [], "close in meaning")
    return [Candidate(id_, why[id_]) for id_ in dict.fromkeys([*(near or []), *by_words])]


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


def _by_words(owner_id: UUID, text: str, limit: int, *, unembedded: bool) -> list[UUID]:
    words = " ".join(word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS)
    return message_search.with_words(
        owner_id=owner_id, text=words, limit=limit, any_word=True, unembedded=unembedded
    )


def _near(owner_id: UUID, text: str, limit: int) -> list[UUID] | None:
    """Return the messages near in meaning; None where the text cannot be embedded."""
    embedder = embeddings.get_embedder()
    try:
        vector = embedder.embed([text[:EMBEDDED_CHARACTERS]])[0]
    except embeddings.EmbeddingError:
        logger.warning("The text could not be embedded; searching for its words.")
        return None
    near = message_search.nearest(
        owner_id=owner_id, vector=vector, model=embedder.name, limit=limit
    )
    return [item.id for item in near if item.distance < MAX_DISTANCE]


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
