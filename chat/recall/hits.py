"""Hits: the messages that a search has found, with the part that is shown of each."""

import bisect
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from chat.models import Message
from chat.recall.asked import Asked
from memoryloop import search_words
from memoryloop.folding import find_folded, fold
from memoryloop.markup import without_tags
from memoryloop.words import unspaced

# What a message is read of, to show the best part of it.
READ_CHARACTERS = 6_000
# What a snippet shows before and after the first word that is marked in it.
BEFORE_CHARACTERS, AFTER_CHARACTERS = 60, 180
# Mark the found words in snippets: characters of Unicode's private use area.
OPEN, CLOSE = "\ue000", "\ue001"
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^)\s]*\)?|\]\([^)\s]*\)?")
_MARKUP = re.compile(
    r"\*\*|(?<!_)__(?!_)|`|^[ \t]*(?:#{1,6}|>|[-*+])\s+|^[ \t]*\|?[-:| ]{3,}$", re.MULTILINE
)
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
_TARGET = re.compile(r"\]\([^)\s]*\)?")

# The hash identifies copies of a message.
_FOUND = """
SELECT m.id, md5(m.content), left(m.content, %(most)s)
FROM chat_message m
JOIN chat_conversation c ON c.id = m.conversation_id AND c.deleted_at IS NULL
WHERE m.id = ANY(%(ids)s) AND m.owner_id = %(owner)s
"""

By = Literal["words", "some words", "spelling", "meaning"]
_WHY: dict[By, str] = {
    "words": "",
    "some words": "some of your words",
    "spelling": "similar spelling",
    "meaning": "close in meaning",
}


@dataclass(frozen=True)
class Hit:
    """A message that was found, and by what. In `snippet` the found words are between OPEN and
    CLOSE.
    """

    message: Message
    snippet: str
    by: By
    # Copies of it in other conversations.
    also: Sequence[Message] = ()

    @property
    def why(self) -> str:
        """Return by what it was found, for a page; "" where its words say it."""
        return _WHY[self.by]

    @property
    def by_words(self) -> bool:
        """Tell whether it contains what was typed, perhaps spelled a little differently."""
        return self.by in {"words", "spelling"}


def read(owner_id: UUID, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return a hash and the beginning of each message. One SQL query."""
    if not ids:
        return {}
    parameters: dict[str, Any] = {
        "ids": list(ids), "owner": owner_id, "most": READ_CHARACTERS,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, parameters)
        return {id_: (digest, beginning) for id_, digest, beginning in cursor.fetchall()}


def hits_of(
    ranked: Sequence[tuple[UUID, By]],
    texts: Mapping[UUID, tuple[str, str]],
    asked: Asked,
    marked: Collection[str],
) -> list[Hit]:
    """Return the messages in their order, with snippets in which words with `marked` keys are
    marked. One SQL query.
    """
    ids = [id_ for id_, _ in ranked if id_ in texts]
    messages = (
        Message.objects.filter(id__in=ids)
        .select_related("conversation")
        .only("id", "role", "position", "created_at", "provider", "conversation")
        .in_bulk()
    )
    # Copies of a message, in a fork for example, are one hit.
    same: dict[tuple[str, str], list[tuple[Message, By]]] = {}
    for id_, by in ranked:
        if message := messages.get(id_):
            same.setdefault((message.role, texts[id_][0]), []).append((message, by))
    return [_hit(copies, texts, asked, marked) for copies in same.values()]


def _hit(
    copies: Sequence[tuple[Message, By]],
    texts: Mapping[UUID, tuple[str, str]],
    asked: Asked,
    marked: Collection[str],
) -> Hit:
    """Return the hit of a message and its copies: the one in the most recent conversation."""
    messages = [message for message, _ in copies]
    shown, *others = sorted(
        messages, key=lambda copy: (copy.conversation.updated_at, copy.created_at), reverse=True
    )
    also = {other.conversation_id: other for other in others}
    also.pop(shown.conversation_id, None)
    return Hit(
        message=shown,
        snippet=plain(snippet(texts[shown.id][1], asked, marked)),
        by=copies[0][1],
        also=list(also.values()),
    )


def snippet(text: str, asked: Asked, marked: Collection[str]) -> str:
    """Return the part of a text with the most of what was asked for, which is marked in it."""
    places = _places(text, asked, marked)
    if not places:
        return text[: BEFORE_CHARACTERS + AFTER_CHARACTERS]
    first = _fullest(places)
    start, end = _begin(text, first), _end(text, first + AFTER_CHARACTERS)
    parts, at = [], start
    for opening, closing, _ in places:
        if at <= opening and closing <= end:
            parts += [text[at:opening], OPEN, text[opening:closing], CLOSE]
            at = closing
    return "".join([*parts, text[at:end]])


def _places(text: str, asked: Asked, marked: Collection[str]) -> list[tuple[int, int, str]]:
    """Return where what was asked for stands: from, to, and what it is."""
    # Nobody sees the target of a link.
    text = _TARGET.sub(lambda target: " " * len(target[0]), text)
    found: list[tuple[int, int, str]] = []
    for match in _WORD.finditer(text):
        word = fold(match[0])
        if any(key in marked for key in search_words.forms(word)) or (
            asked.beginning and search_words.plain(word).startswith(asked.beginning)
        ):
            found.append((*match.span(), word))
    for term in asked.telling:
        for run in unspaced(term.word):
            places = find_folded(text, run)
            found += [(start, end, run) for start, end in places]
    return sorted(found)


def _fullest(places: Sequence[tuple[int, int, str]]) -> int:
    """Return where a snippet begins that shows most different words: the first of such places."""
    starts = [start for start, _, _ in places]

    def different(at: int) -> int:
        last = starts[at] + AFTER_CHARACTERS
        within = places[at : bisect.bisect_right(starts, last)]
        return len({word for _, end, word in within if end <= last})

    return starts[max(range(len(places)), key=different)]


def _begin(text: str, first: int) -> int:
    start = max(0, first - BEFORE_CHARACTERS)
    space = text.find(" ", start, first)
    return space + 1 if start and space >= 0 else start


def _end(text: str, end: int) -> int:
    if end >= len(text):
        return len(text)
    space = text.rfind(" ", end - 30, end)
    return space if space >= 0 else end


def plain(snippet: str) -> str:
    """Return a snippet on one line, without the most common Markdown."""
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", without_tags(snippet))).split())
