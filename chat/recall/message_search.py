"""Search of messages: one list by words, by spelling and by meaning.

A message that has every word of what was typed comes first, one with the very phrase before all.
Then come those that are near in meaning or have some of the words. Words are compared by
recall.word_search, vectors by recall.vectors.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Func, Q, TextField, Value

from chat.models import Conversation
from chat.recall import asked as questions
from chat.recall import hits, vectors, word_search
from chat.recall.asked import TEXT_MAX_CHARACTERS, Asked
from chat.recall.hits import By, Hit
from memoryloop import search_words
from memoryloop.embeddings import EmbeddingError

__all__ = ["TEXT_MAX_CHARACTERS", "Found", "Ranked", "named", "rank", "search"]

logger = logging.getLogger(__name__)

RESULTS = 20
# The messages that are ranked, of those found by words and of those found by meaning.
CANDIDATES = 40
# By what a message is found that contains what was typed.
CONTAINING: frozenset[By] = frozenset({"words", "spelling"})
# A single letter says nothing by its meaning, except where it is a word.
FEWEST_LETTERS = 2
# Beside messages that contain what was typed, those near in meaning are shown that the embedder
# takes for related. Where there are none, something is shown whatever it takes: this many, up to
# so many times that distance.
NEAR_MOST = 10
FARTHEST = 1.5
# What is near by its meaning alone is not shown beside something that is so many times nearer.
FAINTER = 0.5
# A single word that is in no message may as well be none at all.
FARTHEST_OF_A_WORD = 1.15
# What the words of a message count beside its nearness, 0 to 1, where it has not all of them: set
# with tests/benchmarks/found_messages.py. Few words out of many count for little.
WORDS_COUNT = 0.45
FEWEST_WORDS = 0.34
AWAY = "Found by words and spelling alone: search by meaning does not answer at the moment."


@dataclass(frozen=True)
class Ranked:
    """A message in the order of a search, and by what it was found."""

    id: UUID
    by: By
    score: float
    # Its cosine distance from what was asked for; None if that is not known.
    distance: float | None
    # What part of the telling words it has, 0 to 1.
    share: float = 0.0


@dataclass(frozen=True)
class Found:
    """The results of a search, the best first."""

    conversations: list[Conversation]
    hits: list[Hit]
    # What a page says of the search itself; "" for nothing.
    note: str = ""

    @property
    def with_words(self) -> list[Hit]:
        return [hit for hit in self.hits if hit.by_words]

    @property
    def near(self) -> list[Hit]:
        return [hit for hit in self.hits if not hit.by_words]


def search(*, owner_id: UUID, text: str, limit: int = RESULTS, farthest: float = FARTHEST) -> Found:
    """Return the owner's conversations with such a title, and messages by words and meaning.

    Where no message contains the text, others are shown up to `farthest` times the distance that
    the embedder takes for related.

    Some ten short SQL queries, and the time to embed the text if it is new.
    """
    asked = questions.read(text)
    if not asked.terms:
        return Found([], [])
    ranked, marked, note = _ranked(owner_id, asked, farthest=farthest)
    # More than are shown, because copies of a message are one hit.
    shown = ranked[: limit * 2]
    texts = hits.read(owner_id, [each.id for each in shown])
    shown = _phrases_first(shown, texts, asked)
    found = hits.hits_of([(each.id, each.by) for each in shown], texts, asked, marked)
    return Found(named(owner_id=owner_id, text=text), found[:limit], note)


def rank(*, owner_id: UUID, text: str, limit: int) -> list[Ranked]:
    """Return the owner's messages that bear on a text, the best first, as `search` ranks them."""
    ranked, _, _ = _ranked(owner_id, questions.read(text), near_most=limit)
    return ranked[:limit]


def named(*, owner_id: UUID, text: str, limit: int = 5) -> list[Conversation]:
    """Return the owner's conversations whose titles have all telling words, the newest first.

    A word may be the beginning of one in the title, or have another ending. Of no text at all
    these are the newest conversations.
    """
    asked = questions.read(text)
    if not asked.telling and text.strip():
        return []
    conversations = Conversation.objects.filter(owner_id=owner_id, deleted_at=None)
    conversations = conversations.annotate(
        folded_title=_Folded("title"), bare_title=_Bare(_Folded("title"))
    )
    for term in asked.telling[:10]:
        is_there = Q(folded_title__contains=_Folded(Value(term.word)))
        forms = {term.word} if len(term.groups) > 1 else {term.word, *term.keys}
        for form in forms:
            is_there |= Q(bare_title__contains=form)
        conversations = conversations.filter(is_there)
    return list(conversations.order_by("-updated_at", "id")[:limit])


class _Folded(Func):
    """A text as `chat_folded` makes it."""

    function = "chat_folded"
    output_field = TextField()


class _Bare(Func):
    """A text without accents."""

    function = "unaccent"
    output_field = TextField()


def _ranked(
    owner_id: UUID,
    asked: Asked,
    *,
    near_most: int = NEAR_MOST,
    farthest: float = FARTHEST,
) -> tuple[list[Ranked], set[str], str]:
    """Return the messages, the keys of the words that were looked for, and what to say of it."""
    by_words = word_search.find(owner_id=owner_id, asked=asked)
    best, marked = by_words.hits[:CANDIDATES], by_words.keys
    question: vectors.Asked | None = None
    note = ""
    if len(asked.wanted) >= FEWEST_LETTERS:
        try:
            question = vectors.ask(asked.wanted)
        except EmbeddingError as error:
            logger.warning("Searching by words alone. %s", error.sentence)
            note = AWAY
    if question is None:
        ranked = [_by_words(hit, None, None) for hit in best]
    else:
        ranked = _by_both(owner_id, asked, best, question, near_most, farthest)
    ranked.sort(key=lambda each: (each.by not in CONTAINING, -each.score, str(each.id)))
    return ranked, marked, note


def _by_both(
    owner_id: UUID,
    asked: Asked,
    best: Sequence[word_search.Hit],
    question: vectors.Asked,
    near_most: int,
    farthest: float,
) -> list[Ranked]:
    """Return the messages found by words, with what their meaning adds, and those by meaning."""
    nearest = vectors.nearest(
        owner_id=owner_id,
        vector=question.vector,
        model=question.model,
        limit=max(near_most, CANDIDATES),
    )
    ids = [each.id for each in nearest]
    allowed = word_search.allowed(owner_id=owner_id, asked=asked, ids=ids)
    near = {each.id: each.distance for each in nearest if each.id in allowed}
    others = [hit.id for hit in best if hit.id not in near]
    known = near | vectors.distances(owner_id=owner_id, asked=question, ids=others)
    ranked = [_by_words(hit, known.get(hit.id), question) for hit in best]
    contains = any(each.by in CONTAINING for each in ranked)
    if len(asked.telling) < 2:
        farthest = min(farthest, FARTHEST_OF_A_WORD)
    bound = question.unrelated * (1 if contains else farthest)
    there = {each.id for each in ranked}
    by_meaning = [
        Ranked(id_, "meaning", _closeness(distance, question), distance)
        for id_, distance in near.items()
        if id_ not in there and distance < bound
    ]
    with_words = [
        each
        for each in ranked
        if each.by in CONTAINING or each.share >= FEWEST_WORDS or each.score > WORDS_COUNT / 2
    ]
    nearest_score = max((_closeness(each, question) for each in known.values()), default=0.0)
    shown = [each for each in by_meaning if each.score >= FAINTER * nearest_score]
    return with_words + shown[:near_most]


def _by_words(
    hit: word_search.Hit, distance: float | None, question: vectors.Asked | None
) -> Ranked:
    by: By = "spelling" if hit.is_nearly else "words"
    if hit.share < 0.999 or not (hit.is_whole or hit.is_nearly):
        by = "some words"
    score = WORDS_COUNT * hit.score**2 + _closeness(distance, question)
    return Ranked(hit.id, by, score, distance, hit.share)


def _closeness(distance: float | None, question: vectors.Asked | None) -> float:
    """Return how near a message is: 1 for the same text, 0 where nothing is in common."""
    if distance is None or question is None:
        return 0.0
    return max(0.0, 1 - distance / (FARTHEST * question.unrelated))


def _phrases_first(
    ranked: Sequence[Ranked], texts: dict[UUID, tuple[str, str]], asked: Asked
) -> list[Ranked]:
    """Return the messages with those first in which the text stands as it was typed."""
    if len(asked.terms) < 2:
        return list(ranked)
    phrase = search_words.plain(asked.wanted)

    def has_it(each: Ranked) -> bool:
        text = search_words.plain(texts[each.id][1]) if each.id in texts else ""
        return each.by == "words" and phrase in " ".join(text.split())

    return sorted(ranked, key=lambda each: not has_it(each))
