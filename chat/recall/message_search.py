"""Message search: by words and by meaning, in one ranking, for one owner.

Both searches are limited to the owner before anything is ranked, by indexes of chat_message alone
(`owner_id` is on each row). Words: a generated tsvector with a GIN index, in the language of the
message; the searched text is parsed in all languages. Both sides are folded, by `chat_folded` of
migration 0007. Of Chinese, Japanese, Thai and the like, which have no spaces between words, pairs
of letters are indexed, and what is searched has to stand together in the message.

Meaning: for an owner with few messages every vector is compared, which is exact; for others the
HNSW index is scanned until enough of its results are theirs (pgvector's iterative scan). Answers of
the offline helper are left out, because they only list other messages and cards.
"""

import logging
import re
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from django.db import connection, transaction
from django.db.models import Func, TextField, Value
from numpy.typing import NDArray

from chat.models import Conversation
from chat.recall.hits import Hit, hits_of
from memoryloop import embeddings
from memoryloop.folding import fold
from memoryloop.words import unspaced, without_unspaced

logger = logging.getLogger(__name__)

TEXT_MAX_CHARACTERS = 400
RESULTS = 20
# The results of each search, before the rankings are fused.
CANDIDATES = 40
# Only the newest messages with the words are ranked: "the cell" may be in thousands.
RANKED_MOST = 400
# With MiniLM unrelated texts lie at 0.8 and beyond, a word and a text about it at 0.4 to 0.7.
MAX_DISTANCE = 0.7
# Up to EXACT_ALWAYS messages every vector of an owner is compared, in some 5 ms; up to EXACT_MOST
# (some 30 ms) if the owner has less than a third of all messages, because most of what the index
# returns is somebody else's then: it would be slow and miss results.
EXACT_ALWAYS, EXACT_MOST = 3_000, 20_000
# Reciprocal rank fusion, with the constant of Cormack, Clarke and Büttcher (SIGIR 2009).
FUSION = 60

# Owners with more than EXACT_MOST messages; and others, with the time until which their count is
# not repeated: counting takes some milliseconds.
_with_many: set[UUID] = set()
_with_few: dict[UUID, float] = {}
COUNTED_SECONDS = 60.0
_WORD = re.compile(r"\w+")
# A word to exclude, in the syntax of websearch_to_tsquery.
_WITHOUT = re.compile(r"(?<!\S)-(\w+)(?!\S)")
# So many pairs of letters are looked for at most.
GRAMS_MOST = 60

_NEWEST_WITH_WORDS = """
SELECT id FROM (
    SELECT m.id, m.words, m.created_at FROM chat_message m
    JOIN chat_conversation c ON c.id = m.conversation_id AND c.deleted_at IS NULL
    WHERE m.owner_id = %(owner)s AND m.words @@ %(query)s::tsquery AND m.provider <> 'Offline'
      AND NOT EXISTS (
          SELECT FROM unnest(%(runs)s::text[]) run WHERE strpos(chat_folded(m.content), run) = 0
      )
      AND (m.embedding IS NULL OR NOT %(unembedded)s)
    ORDER BY m.created_at DESC LIMIT %(most)s
) found
ORDER BY ts_rank(words, %(query)s::tsquery, 1) DESC, created_at DESC, id LIMIT %(limit)s
"""
_UNEMBEDDED = """
SELECT FROM chat_message
WHERE owner_id = %(owner)s AND embedding IS NULL AND content <> '' AND provider <> 'Offline'
  AND conversation_id IS DISTINCT FROM %(but)s::uuid
LIMIT 1
"""
# The languages that messages are indexed in (migration 0005). A query has all words in one of them,
# the last one as a prefix; or any of the words. A text of English stop words alone finds nothing,
# not even as words of another language.
LANGUAGES = (
    "english", "german", "french", "spanish", "italian", "portuguese", "dutch", "russian",
)  # fmt: skip
_QUERIES = """
SELECT DISTINCT query::text FROM (
    SELECT language, {query} AS query
    FROM unnest(%(languages)s::text[]) language, LATERAL (SELECT ('chat_' || language)::regconfig)
    AS known (config)
) queries
WHERE numnode(query) > 0
  AND (SELECT numnode(websearch_to_tsquery('chat_english', chat_folded(%(text)s)))) > 0
"""
_ALL_WORDS = (
    "websearch_to_tsquery(config, chat_folded(%(head)s))"
    " && to_tsquery(config, chat_folded(%(tail)s))"
)
_ANY_WORD = "to_tsquery(config, chat_folded(%(any)s))"

_COUNT = """
SELECT count(*), (SELECT reltuples FROM pg_class WHERE oid = 'chat_message'::regclass) FROM (
    SELECT FROM chat_message WHERE owner_id = %(owner)s LIMIT %(most)s
) counted
"""
_NEAREST = """
SELECT id, embedding::vector({width}) <=> %(vector)s::vector AS distance FROM chat_message
WHERE owner_id = %(owner)s AND embedding_model = %(model)s AND provider <> 'Offline'
  AND NOT conversation_id = ANY(ARRAY(
      SELECT id FROM chat_conversation WHERE owner_id = %(owner)s AND deleted_at IS NOT NULL
  )) AND NOT id = ANY(%(leave_out)s)
ORDER BY {order} LIMIT %(limit)s
"""
# An expression that no index serves, and one that the HNSW index serves.
_EXACTLY = "(embedding::vector({width}) <=> %(vector)s::vector) + 0"
_BY_INDEX = "embedding::vector({width}) <=> %(vector)s::vector"
_USE_INDEX = """
SELECT set_config('hnsw.iterative_scan', 'strict_order', true),
       set_config('hnsw.ef_search', '64', true), set_config('enable_sort', 'off', true),
       set_config('hnsw.max_scan_tuples', '40000', true)
"""


class _Folded(Func):
    """A text as `chat_folded` makes it."""

    function = "chat_folded"
    output_field = TextField()


@dataclass(frozen=True)
class Near:
    """A message near in meaning, and its cosine distance, 0 to 2."""

    id: UUID
    distance: float


@dataclass(frozen=True)
class Found:
    """The results of a search, the best first."""

    conversations: list[Conversation]
    hits: list[Hit]


def search(*, owner_id: UUID, text: str, limit: int = RESULTS) -> Found:
    """Return the owner's conversations with such a title, and messages by words and meaning.

    Some ten short SQL queries, and 7 ms to embed the text if it is new.
    """
    text = " ".join(text.replace("\0", " ").split())[:TEXT_MAX_CHARACTERS]
    if not _WORD.search(text):
        return Found([], [])
    by_words = with_words(owner_id=owner_id, text=text, limit=CANDIDATES)
    by_meaning = [item.id for item in _meaning(owner_id, text)]
    # More than are shown, because copies of a message are one hit.
    ids = fuse(by_words, by_meaning)[: limit * 2]
    hits = hits_of(owner_id, ids, set(by_words), text)[:limit]
    return Found(named(owner_id=owner_id, text=text), hits)


def named(*, owner_id: UUID, text: str, limit: int = 5) -> list[Conversation]:
    """Return the owner's conversations whose titles have all the words, the newest first."""
    conversations = Conversation.objects.filter(owner_id=owner_id, deleted_at=None)
    conversations = conversations.annotate(folded_title=_Folded("title"))
    for word in text.split()[:10]:
        conversations = conversations.filter(folded_title__contains=_Folded(Value(word)))
    return list(conversations.order_by("-updated_at", "id")[:limit])


def with_words(
    *, owner_id: UUID, text: str, limit: int, any_word: bool = False, unembedded: bool = False
) -> list[UUID]:
    """Return the owner's messages that have every word of a text, the best first.

    Understands "quoted words", or, and -without; the last word is a prefix. If no message has all
    words, or with `any_word`, returns those that have some of them. With `unembedded` only messages
    without an embedding. Four SQL queries at most.
    """
    text = unicodedata.normalize("NFC", text)
    runs, spaced = [fold(run) for run in unspaced(text)], without_unspaced(text)
    words = _WORD.findall(spaced)
    if not words and not runs:
        return []
    head, _, last = spaced.rstrip().rpartition(" ")
    # A quote or a minus is left to websearch_to_tsquery.
    bare = last.isalnum() and spaced.count('"') % 2 == 0
    parameters = {
        "owner": owner_id,
        "most": RANKED_MOST,
        "limit": limit,
        "unembedded": unembedded,
        "head": head if bare else spaced,
        "tail": f"{last}:*" if bare else "",
        "any": " | ".join(dict.fromkeys(words[:24])),
        "text": spaced,
        "languages": list(LANGUAGES),
        "runs": [],
    }
    if not any_word and _WITHOUT.search(text):
        return _without(text, parameters)
    found: list[UUID] = []
    if not any_word:
        found = _matching(_ALL_WORDS, parameters | {"runs": runs}, grams=_grams(runs), every=True)
    if any_word or (not found and len(words) + len(_grams(runs)) > 1 and '"' not in text):
        found = _matching(_ANY_WORD, parameters, grams=_grams(runs), every=False)
    return found


def has_unembedded(*, owner_id: UUID, but: UUID | None = None) -> bool:
    """Tell whether an owner has messages without an embedding, outside the conversation `but`.

    One SQL query.
    """
    parameters = {"owner": owner_id, "but": but}
    return bool(_rows(_UNEMBEDDED, parameters))


def _matching(
    query: str, parameters: dict[str, Any], *, grams: Sequence[str], every: bool
) -> list[UUID]:
    """Return the messages that match a query in any language, and with it every gram or any."""
    tsquery = _joined(_in_all_languages(query, parameters), grams, every=every)
    return _newest_with(tsquery, parameters) if tsquery else []


def _without(text: str, parameters: dict[str, Any]) -> list[UUID]:
    """Return the messages with the words of a text and none of those with a minus.

    The excluded words are excluded in all languages.
    """
    wanted = _WITHOUT.sub(" ", text)
    runs, spaced = (
        [fold(run) for run in unspaced(wanted)],
        " ".join(without_unspaced(wanted).split()),
    )
    words = {"head": spaced, "tail": "", "text": spaced}
    found = _joined(_in_all_languages(_ALL_WORDS, parameters | words), _grams(runs), every=True)
    if not found:
        return []
    left_out = []
    for word in _WITHOUT.findall(text):
        grams = _grams([fold(run) for run in unspaced(word)])
        plain = parameters | words | {"any": without_unspaced(word).strip()}
        left_out.append(_joined(_in_all_languages(_ANY_WORD, plain), grams, every=True))
    query = " & ".join([f"({found})", *(f"!({each})" for each in left_out if each)])
    return _newest_with(query, parameters | {"runs": runs})


def _grams(runs: Sequence[str]) -> list[str]:
    """Return what the index has of runs of letters without spaces: their pairs, as tsqueries.

    A letter alone is the beginning of a pair, or the last letter of a run.
    """
    pairs = [
        f"'{run[at : at + 2]}'" if len(run) > 1 else f"'{run}':*"
        for run in runs
        for at in range(max(1, len(run) - 1))
    ]
    return list(dict.fromkeys(pairs))[:GRAMS_MOST]


def _joined(tsquery: str, grams: Sequence[str], *, every: bool) -> str:
    """Return a tsquery for the words and the grams, either of which may be missing."""
    parts = [f"({tsquery})"] if tsquery else []
    return (" & " if every else " | ").join([*parts, *grams])


def _in_all_languages(query: str, parameters: dict[str, Any]) -> str:
    """Return a tsquery for the words of a text as each language indexes them; "" for none."""
    queries = [text for (text,) in _rows(_QUERIES.format(query=query), parameters)]
    # Without duplicates: most words have the same stem in most languages.
    return " | ".join(f"({text})" for text in sorted(queries))


def _newest_with(query: str, parameters: dict[str, Any]) -> list[UUID]:
    return [row[0] for row in _rows(_NEWEST_WITH_WORDS, {**parameters, "query": query})]


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

    Without deleted conversations and without embeddings of another model. `exactly` says whether
    to compare every vector or to use the index; by default the owner's number of messages decides.
    Two SQL queries.
    """
    plain = np.ascontiguousarray(vector, dtype=np.float32)
    parameters = {
        "owner": owner_id,
        "vector": orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY).decode(),
        "model": model,
        "leave_out": list(leave_out),
        "limit": limit,
    }
    if exactly is None:
        exactly = not _has_many(owner_id)
    if exactly:
        rows = _rows(_nearest(_EXACTLY, plain.size), parameters)
    else:
        with transaction.atomic():
            _rows(_USE_INDEX, {})
            rows = _rows(_nearest(_BY_INDEX, plain.size), parameters)
            _rows("SELECT set_config('enable_sort', 'on', true)", {})
    return [Near(id_, float(distance)) for id_, distance in rows]


def _nearest(order: str, width: int) -> str:
    return _NEAREST.format(order=order.format(width=width), width=width)


def fuse(*rankings: Sequence[UUID]) -> list[UUID]:
    """Return the ids of all rankings, the best first, by reciprocal rank fusion."""
    scores: dict[UUID, float] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, start=1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (FUSION + rank)
    return sorted(scores, key=lambda id_: (-scores[id_], str(id_)))


def _has_many(owner_id: UUID) -> bool:
    """Tell whether an owner has too many messages to compare every vector."""
    if owner_id in _with_many:
        return True
    if _with_few.get(owner_id, 0.0) > time.monotonic():
        return False
    ((count, of_all),) = _rows(_COUNT, {"owner": owner_id, "most": EXACT_MOST + 1})
    if count > EXACT_MOST:
        _with_many.add(owner_id)
        return True
    many = bool(count > EXACT_ALWAYS and count * 3 > of_all)
    if count <= EXACT_ALWAYS // 2:
        if len(_with_few) > 10_000:
            _with_few.clear()
        _with_few[owner_id] = time.monotonic() + COUNTED_SECONDS
    return many


def _meaning(owner_id: UUID, text: str) -> list[Near]:
    embedder = embeddings.get_embedder()
    try:
        vector = embedder.embed([text])[0]
    except embeddings.EmbeddingError:
        logger.warning("The text of a search could not be embedded; searching for its words alone.")
        return []
    near = nearest(owner_id=owner_id, vector=vector, model=embedder.name, limit=CANDIDATES)
    return [item for item in near if item.distance < MAX_DISTANCE]


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
