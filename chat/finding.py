"""Finding what was said: by its words and by its meaning, in one list, for one learner.

Both searches are limited to the owner before anything is ranked, by indexes of chat_message alone
(`owner_id` is on each row). Words: a generated tsvector with a GIN index. Meaning: of an owner
with few messages every vector is compared, which is exact; of others the HNSW index is walked
until enough of it is theirs (pgvector's iterative scan). What was found offline is left out: it
only lists what is found itself.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.contrib.postgres.search import SearchHeadline, SearchQuery
from django.db import connection, transaction
from django.db.models.functions import Left
from numpy.typing import NDArray
from pgvector import Vector

from chat.models import Conversation, Message
from memoryloop import embeddings

logger = logging.getLogger(__name__)

TEXT_MAX_CHARACTERS = 400
RESULTS = 20
# Each search brings so many; then they are fused and the best are shown.
CANDIDATES = 40
# Of the messages that have the words the newest so many are ranked: "the cell" is in thousands.
RANKED_MOST = 400
# With MiniLM what is unrelated lies at 0.8 and beyond, words and what they mean at 0.4 to 0.7.
MAX_DISTANCE = 0.7
# Up to here every vector of an owner is compared: some 5 ms. So it is up to EXACT_MOST (some 30 ms)
# where the owner has less than a third of all messages: the index is slow and forgetful then, as
# most of what it comes upon is somebody else's.
EXACT_ALWAYS, EXACT_MOST = 3_000, 20_000
# Reciprocal rank fusion, with the constant of Cormack, Clarke and Büttcher (SIGIR 2009).
FUSION = 60
HEADLINE_CHARACTERS = 6_000
# Around what was found, in the snippets; private characters that no text needs.
OPEN, CLOSE = "\ue000", "\ue001"

# Owners known to have more than EXACT_MOST: counting those takes some milliseconds.
_with_many: set[UUID] = set()
_WORD = re.compile(r"\w+")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*\)?|\]\([^)\s]*\)?")
_MARKUP = re.compile(r"\*\*|__|`|^\s*(?:#{1,6}|>|[-*+])\s+|^\s*\|?[-:| ]{3,}$", re.MULTILINE)

_NEWEST_WITH_WORDS = """
SELECT id FROM (
    SELECT m.id, m.words, m.created_at FROM chat_message m
    JOIN chat_conversation c ON c.id = m.conversation_id AND c.deleted_at IS NULL
    WHERE m.owner_id = %(owner)s AND m.words @@ {query} AND m.provider <> 'Offline'
      AND (m.embedding IS NULL OR NOT %(unembedded)s)
    ORDER BY m.created_at DESC LIMIT %(most)s
) found
ORDER BY ts_rank(words, {query}, 1) DESC, created_at DESC, id LIMIT %(limit)s
"""
# Every word, the last as far as it is typed; or any of them.
_ALL_WORDS = "(websearch_to_tsquery('english', %(head)s) && to_tsquery('english', %(tail)s))"
_ANY_WORD = "to_tsquery('english', %(any)s)"

_COUNT = """
SELECT count(*), (SELECT reltuples FROM pg_class WHERE oid = 'chat_message'::regclass) FROM (
    SELECT FROM chat_message WHERE owner_id = %(owner)s LIMIT %(most)s
) counted
"""
_NEAREST = """
SELECT id, embedding <=> %(vector)s::vector AS distance FROM chat_message
WHERE owner_id = %(owner)s AND embedding_model = %(model)s AND provider <> 'Offline'
  AND NOT conversation_id = ANY(%(gone)s) AND NOT id = ANY(%(leave_out)s)
ORDER BY {order} LIMIT %(limit)s
"""
# An expression that no index can serve, and one that only the vectors' index can.
_EXACTLY = "(embedding <=> %(vector)s::vector) + 0"
_BY_INDEX = "embedding <=> %(vector)s::vector"
_USE_INDEX = """
SELECT set_config('hnsw.iterative_scan', 'strict_order', true),
       set_config('hnsw.ef_search', '64', true), set_config('enable_sort', 'off', true),
       set_config('hnsw.max_scan_tuples', '40000', true)
"""


@dataclass(frozen=True)
class Near:
    """A message near in meaning, and how far it is: cosine distance, 0 to 2."""

    id: UUID
    distance: float


@dataclass(frozen=True)
class Hit:
    """A message that was found. In `snippet`, OPEN and CLOSE stand around the words found."""

    message: Message
    snippet: str
    by_words: bool


@dataclass(frozen=True)
class Found:
    """What a search brought, the best first."""

    conversations: list[Conversation]
    hits: list[Hit]


def search(*, owner_id: UUID, text: str, limit: int = RESULTS) -> Found:
    """Return the owner's conversations named so, and messages with these words or this meaning.

    Some eight short SQL queries, and 7 ms to embed the text if it is new.
    """
    text = " ".join(text.replace("\0", " ").split())[:TEXT_MAX_CHARACTERS]
    if not _WORD.search(text):
        return Found([], [])
    by_words = with_words(owner_id=owner_id, text=text, limit=CANDIDATES)
    by_meaning = [item.id for item in _meaning(owner_id, text)]
    ids = fuse(by_words, by_meaning)[:limit]
    return Found(named(owner_id=owner_id, text=text), _hits(owner_id, ids, set(by_words), text))


def named(*, owner_id: UUID, text: str, limit: int = 5) -> list[Conversation]:
    """Return the owner's conversations whose titles have all the words, the newest first."""
    conversations = Conversation.objects.filter(owner_id=owner_id, deleted_at=None)
    for word in text.split()[:10]:
        conversations = conversations.filter(title__icontains=word)
    return list(conversations.order_by("-updated_at", "id")[:limit])


def with_words(
    *, owner_id: UUID, text: str, limit: int, any_word: bool = False, unembedded: bool = False
) -> list[UUID]:
    """Return the owner's messages that have every word of a text, the best first.

    Understands "quoted words", or, and -without; the last word counts as far as it is typed. Where
    no message has them all, or with `any_word`, those that have some of them. With `unembedded`
    only messages that are not found by their meaning yet. Two SQL queries at most.
    """
    words = _WORD.findall(text.lower())
    if not words:
        return []
    head, _, last = text.rpartition(" ")
    # A quote or a minus belongs to what websearch_to_tsquery understands.
    bare = last.isalnum() and text.count('"') % 2 == 0
    parameters = {
        "owner": owner_id,
        "most": RANKED_MOST,
        "limit": limit,
        "unembedded": unembedded,
        "head": head if bare else text,
        "tail": f"{last.lower()}:*" if bare else "",
        "any": " | ".join(dict.fromkeys(words[:24])),
    }
    found = [] if any_word else _rows(_NEWEST_WITH_WORDS.format(query=_ALL_WORDS), parameters)
    if any_word or (not found and len(words) > 1 and '"' not in text):
        found = _rows(_NEWEST_WITH_WORDS.format(query=_ANY_WORD), parameters)
    return [row[0] for row in found]


def nearest(
    *,
    owner_id: UUID,
    vector: NDArray[np.float32],
    model: str,
    limit: int,
    leave_out: Sequence[UUID] = (),
    exactly: bool | None = None,
) -> list[Near]:
    """Return the owner's messages nearest to a vector, the nearest first.

    Without those of deleted conversations, and those an embedder of another name has embedded.
    `exactly` compares every vector, or insists on the index; by default the owner's number of
    messages decides. Three SQL queries.
    """
    gone = Conversation.objects.filter(owner_id=owner_id, deleted_at__isnull=False)
    parameters = {
        "owner": owner_id,
        "vector": Vector(vector).to_text(),
        "model": model,
        "gone": list(gone.values_list("id", flat=True)),
        "leave_out": list(leave_out),
        "limit": limit,
    }
    if exactly is None:
        exactly = not _has_many(owner_id)
    if exactly:
        rows = _rows(_NEAREST.format(order=_EXACTLY), parameters)
    else:
        with transaction.atomic():
            _rows(_USE_INDEX, {})
            rows = _rows(_NEAREST.format(order=_BY_INDEX), parameters)
            _rows("SELECT set_config('enable_sort', 'on', true)", {})
    return [Near(id_, float(distance)) for id_, distance in rows]


def fuse(*rankings: Sequence[UUID]) -> list[UUID]:
    """Return what the rankings name, best first: high in one, or fairly high in both."""
    scores: dict[UUID, float] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, start=1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (FUSION + rank)
    return sorted(scores, key=lambda id_: (-scores[id_], str(id_)))


def _has_many(owner_id: UUID) -> bool:
    """Tell whether an owner has too many messages to compare each. Counted until it is so."""
    if owner_id in _with_many:
        return True
    ((count, of_all),) = _rows(_COUNT, {"owner": owner_id, "most": EXACT_MOST + 1})
    if count > EXACT_MOST:
        _with_many.add(owner_id)
        return True
    return bool(count > EXACT_ALWAYS and count * 3 > of_all)


def _meaning(owner_id: UUID, text: str) -> list[Near]:
    embedder = embeddings.get_embedder()
    try:
        vector = embedder.embed([text])[0]
    except embeddings.EmbeddingError:
        logger.warning("A search goes by words alone: its text could not be embedded.")
        return []
    near = nearest(owner_id=owner_id, vector=vector, model=embedder.name, limit=CANDIDATES)
    return [item for item in near if item.distance < MAX_DISTANCE]


def _hits(owner_id: UUID, ids: Sequence[UUID], by_words: set[UUID], text: str) -> list[Hit]:
    """Return the messages in the order of their ids, with snippets. One SQL query."""
    words = " | ".join(f"{word}:*" for word in dict.fromkeys(_WORD.findall(text.lower())))
    snippet = SearchHeadline(
        Left("content", HEADLINE_CHARACTERS),
        SearchQuery(words, search_type="raw", config="english"),
        config="english",
        start_sel=OPEN,
        stop_sel=CLOSE,
        min_words=16,
        max_words=34,
    )
    messages = (
        Message.objects.filter(id__in=ids, owner_id=owner_id, conversation__deleted_at=None)
        .select_related("conversation")
        .only("id", "role", "position", "created_at", "provider", "conversation")
        .annotate(snippet=snippet)
    )
    found = {message.id: message for message in messages}
    hits = [
        Hit(found[id_], _plain(found[id_].snippet), id_ in by_words) for id_ in ids if id_ in found
    ]
    # What was said twice in the same words is shown once, where it fits best.
    return list({(hit.snippet, hit.message.role): hit for hit in reversed(hits)}.values())[::-1]


def _plain(snippet: str) -> str:
    """Return a snippet on one line, without the commonest signs of Markdown."""
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", snippet)).split())


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
