"""Hits: the messages that a search has found, with the part that is shown of each."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from chat.models import Message
from memoryloop.folding import find_folded
from memoryloop.markup import without_tags
from memoryloop.words import unspaced, without_unspaced

HEADLINE_CHARACTERS = 6_000
# What a snippet shows around the first found word where PostgreSQL chooses none.
BEFORE_CHARACTERS, AFTER_CHARACTERS = 60, 180
# Mark the found words in snippets: characters of Unicode's private use area.
OPEN, CLOSE = "\ue000", "\ue001"
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^)\s]*\)?|\]\([^)\s]*\)?")
_MARKUP = re.compile(
    r"\*\*|(?<!_)__(?!_)|`|^[ \t]*(?:#{1,6}|>|[-*+])\s+|^[ \t]*\|?[-:| ]{3,}$", re.MULTILINE
)
_WORD = re.compile(r"\w+")

# The hash identifies copies of a message.
_FOUND = f"""
SELECT m.id, ts_headline(
    chat_language(m.content), left(m.content, {HEADLINE_CHARACTERS}),
    to_tsquery(chat_language(m.content), chat_folded(%(words)s)),
    'StartSel={OPEN}, StopSel={CLOSE}, MinWords=16, MaxWords=34'
), md5(m.content), left(m.content, {HEADLINE_CHARACTERS})
FROM chat_message m
JOIN chat_conversation c ON c.id = m.conversation_id AND c.deleted_at IS NULL
WHERE m.id = ANY(%(ids)s) AND m.owner_id = %(owner)s
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Hit:
    """A message that was found. In `snippet` the found words are between OPEN and CLOSE."""

    message: Message
    snippet: str
    by_words: bool
    # Copies of it in other conversations.
    also: Sequence[Message] = ()


def hits_of(owner_id: UUID, ids: Sequence[UUID], by_words: set[UUID], text: str) -> list[Hit]:
    """Return the messages in the order of their ids, with snippets. Two SQL queries."""
    text = unicodedata.normalize("NFC", text)
    asked = list(dict.fromkeys(_WORD.findall(without_unspaced(text))))
    words = " | ".join(f"{word}:*" for word in asked)
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, {"words": words, "ids": list(ids), "owner": owner_id})
        found = {
            id_: (_marked(headline, beginning, [*unspaced(text), *asked]), digest)
            for id_, headline, digest, beginning in cursor.fetchall()
        }
    messages = (
        Message.objects.filter(id__in=found)
        .select_related("conversation")
        .only("id", "role", "position", "created_at", "provider", "conversation")
        .in_bulk()
    )
    # Copies of a message, in a fork for example, are one hit.
    same: dict[tuple[str, str], list[Message]] = {}
    for id_ in ids:
        if message := messages.get(id_):
            same.setdefault((message.role, found[id_][1]), []).append(message)
    return [_hit(copies, found, by_words) for copies in same.values()]


def _hit(copies: Sequence[Message], found: dict[UUID, tuple[str, str]], by_words: set[UUID]) -> Hit:
    """Return the hit of a message and its copies: the one in the most recent conversation."""
    shown, *others = sorted(
        copies, key=lambda copy: (copy.conversation.updated_at, copy.created_at), reverse=True
    )
    also = {other.conversation_id: other for other in others}
    also.pop(shown.conversation_id, None)
    return Hit(
        message=shown,
        snippet=plain(found[shown.id][0]),
        by_words=any(copy.id in by_words for copy in copies),
        also=list(also.values()),
    )


def _marked(headline: str, text: str, asked: Sequence[str]) -> str:
    """Return a headline, or where PostgreSQL marked nothing in it, the text around what was asked.

    It knows no words within Chinese or Thai, and none in another encoding of their letters.
    """
    if OPEN in headline:
        return headline
    found = sorted({place for word in asked for place in find_folded(text, word)})
    if not found:
        return headline
    first = found[0][0]
    start, end = max(0, first - BEFORE_CHARACTERS), first + AFTER_CHARACTERS
    parts, at = [], start
    for opening, closing in found:
        if at <= opening and closing <= end:
            parts += [text[at:opening], OPEN, text[opening:closing], CLOSE]
            at = closing
    return "".join([*parts, text[at:end]])


def plain(snippet: str) -> str:
    """Return a snippet on one line, without the most common Markdown."""
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", without_tags(snippet))).split())
