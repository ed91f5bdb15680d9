"""What a learner has said or been told before that bears on what they ask now."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.urls import reverse

from chat.recall import message_search
from chat.recall.embedding import EMBEDDED_CHARACTERS
from chat.recall.tokens import cut_to_tokens, estimate_tokens
from memoryloop import embeddings
from memoryloop.llm.base import Found

logger = logging.getLogger(__name__)

# With MiniLM unrelated sentences lie at 0.8 and beyond, a question and its answer at 0.2 to 0.6.
MAX_DISTANCE = 0.62
# What all that is recalled may take of the prompt, and any one of it.
RECALLED_TOKENS = 2_000
MESSAGE_TOKENS = 500
# Less than this of a message says nothing.
FEWEST_TOKENS = 40
# Of those that may bear on a question so many are looked at: the nearest are often part of the
# conversation itself, which is sent anyway.
CANDIDATES = 60
# MESSAGE_TOKENS of a text that is half spaces.
_READ_CHARACTERS = 4_000
_MESSAGES = """
SELECT m.id, left(m.content, %s), m.created_at, c.title
FROM chat_message m JOIN chat_conversation c ON c.id = m.conversation_id AND c.deleted_at IS NULL
WHERE m.id = ANY(%s) AND c.owner_id = %s AND m.content <> '' AND m.status <> 'streaming'
"""
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
class _Said:
    id: UUID
    content: str
    created_at: datetime
    title: str


@dataclass(frozen=True)
class Candidate:
    """A message that may bear on a question, and how it was found."""

    id: UUID
    how: str


def related_messages(
    *, owner_id: UUID, text: str, leave_out: Sequence[UUID] = (), limit: int = 5
) -> list[Found]:
    """Return the owner's messages nearest in meaning, the nearest first, each text once.

    All of them together take RECALLED_TOKENS at most. Messages without an embedding are found by
    their words, and so is everything when the embedder does not work. Five SQL queries at most;
    embedding the text takes some 7 ms.
    """
    found = candidates(owner_id=owner_id, text=text, limit=limit * 2 + len(leave_out))
    return chosen(found, owner_id=owner_id, text=text, leave_out=leave_out, limit=limit)


def candidates(
    *,
    owner_id: UUID,
    text: str,
    limit: int = CANDIDATES,
    conversation_id: UUID | None = None,
) -> list[Candidate]:
    """Return what may bear on a text, the best first. Two SQL queries; two more where messages
    outside the conversation are not embedded, and again without meaning.

    What was said just now in the conversation itself is sent with the question anyway.
    """
    near, waiting = _near(owner_id, text, limit, conversation_id)
    by_words = []
    if near is None or waiting:
        # While the embedder works, words are for what it has not come to yet.
        by_words = _by_words(owner_id, text, limit, unembedded=near is not None)
    ways = dict.fromkeys(by_words, "the same words") | dict.fromkeys(near or [], "close in meaning")
    return [Candidate(id_, ways[id_]) for id_ in dict.fromkeys([*(near or []), *by_words])]


def chosen(
    found: Sequence[Candidate],
    *,
    owner_id: UUID,
    text: str,
    leave_out: Sequence[UUID] = (),
    limit: int = 5,
) -> list[Found]:
    """Return those of the candidates that are quoted. One SQL query."""
    known = set(leave_out)
    # The same text may have been said twice.
    left = [candidate for candidate in found if candidate.id not in known][: limit * 3]
    if not left:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _MESSAGES, [_READ_CHARACTERS, [candidate.id for candidate in left], owner_id]
        )
        rows = {row[0]: _Said(*row) for row in cursor.fetchall()}
    ranked = [(rows[each.id], each.how) for each in left if each.id in rows]
    return _within_budget(ranked, {" ".join(text.split())}, limit)


def _by_words(owner_id: UUID, text: str, limit: int, *, unembedded: bool) -> list[UUID]:
    words = " ".join(word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS)
    return message_search.with_words(
        owner_id=owner_id, text=words, limit=limit, any_word=True, unembedded=unembedded
    )


def _near(
    owner_id: UUID, text: str, limit: int, conversation_id: UUID | None
) -> tuple[list[UUID] | None, bool]:
    """Return what is near in meaning, None where the text cannot be embedded; and whether there are
    messages outside the conversation that are found by their words only.
    """
    embedder = embeddings.get_embedder()
    try:
        vector = embedder.embed([text[:EMBEDDED_CHARACTERS]])[0]
    except embeddings.EmbeddingError:
        logger.warning("The question could not be embedded; looking for its words.")
        return None, True
    near, waiting = message_search.nearest_and_waiting(
        owner_id=owner_id, vector=vector, model=embedder.name, limit=limit, but=conversation_id
    )
    return [item.id for item in near if item.distance < MAX_DISTANCE], waiting


def _within_budget(ranked: Sequence[tuple[_Said, str]], seen: set[str], limit: int) -> list[Found]:
    found: list[Found] = []
    left = RECALLED_TOKENS
    for message, how in ranked:
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
                why=f"{how}, {message.created_at:%-d %B %Y}",
            )
        )
        if len(found) == limit or left < FEWEST_TOKENS:
            break
    return found
