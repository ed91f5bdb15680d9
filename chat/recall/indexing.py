"""Indexing: the search keys of messages, which the worker writes.

A message has the keys of memoryloop.search_words in the column `words`, and its owner's SearchWord
rows count in how many messages each key is. What is not indexed yet is searched all the same
(recall.word_search). Where a message changes or goes, triggers take its keys back (migration 0011).
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from memoryloop import search_words
from memoryloop.words import without_unspaced

# What is beyond is found by its beginning; a message of a learner is no longer.
INDEXED_CHARACTERS = 50_000
BATCH_SIZE = 64
_WHOLE = re.compile(r"[^\W\d_]{3,40}")

_UNINDEXED = """
SELECT id, owner_id, left(content, %(most)s) FROM chat_message
WHERE words IS NULL AND status <> 'streaming' AND owner_id IS NOT NULL
  AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s::uuid[]))
ORDER BY owner_id DESC, created_at DESC LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_STORE = """
UPDATE chat_message SET words = array_to_tsvector(given.keys)
FROM (VALUES {rows}) AS given (id, keys) WHERE chat_message.id = given.id
"""
# In one order, so that two workers wait for each other and never both.
_COUNT = """
INSERT INTO chat_searchword (owner_id, word, messages, is_whole)
SELECT %(owner)s, given.* FROM unnest(%(words)s::text[], %(messages)s::int[], %(whole)s::bool[])
  AS given (word, messages, is_whole) ORDER BY word
ON CONFLICT (owner_id, word) DO UPDATE SET
  messages = chat_searchword.messages + excluded.messages,
  is_whole = chat_searchword.is_whole OR excluded.is_whole
"""


def index_next(ids: Sequence[UUID] | None = None, *, limit: int = BATCH_SIZE) -> int:
    """Index some messages that are not indexed, of those `ids` or of all. Return how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "most": INDEXED_CHARACTERS,
            "ids": None if ids is None else list(ids),
            "limit": limit,
        }
        cursor.execute(_UNINDEXED, parameters)
        messages = cursor.fetchall()
        if not messages:
            return 0
        values: list[Any] = []
        counts: dict[UUID, Counter[str]] = {}
        whole: dict[UUID, set[str]] = {}
        for id_, owner_id, content in messages:
            keys = keys_of(content)
            values += [id_, sorted(keys)]
            counts.setdefault(owner_id, Counter()).update([*keys, ""])
            whole.setdefault(owner_id, set()).update(whole_words(content))
        rows = ", ".join(["(%s::uuid, %s::text[])"] * len(messages))
        cursor.execute(_STORE.format(rows=rows), values)
        for owner_id in sorted(counts):
            words = list(counts[owner_id])
            parameters = {
                "owner": owner_id,
                "words": words,
                "messages": [counts[owner_id][word] for word in words],
                "whole": [word in whole[owner_id] for word in words],
            }
            cursor.execute(_COUNT, parameters)
        return len(messages)


def keys_of(content: str) -> set[str]:
    """Return the different search keys of a message."""
    return set(search_words.keys(content[:INDEXED_CHARACTERS]))


def whole_words(content: str) -> set[str]:
    """Return the words of a message that may be typed with an error, without their accents."""
    spaced = without_unspaced(content[:INDEXED_CHARACTERS])
    return set(_WHOLE.findall(search_words.plain(spaced)))
