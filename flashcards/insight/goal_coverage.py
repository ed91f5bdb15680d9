"""Coverage of a goal: which of its lines have cards, which of these are fading, which have none.

A line is a heading or a question, much shorter than what is explained, so meaning alone tells
little: a card is judged by its meaning and by the words of the line that it has, as the tutor
judges what bears on a question. `python -m tests.benchmarks.goal_lines` measures how well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from flashcards import store, study_settings
from flashcards.domain.records import Flashcard
from flashcards.insight import goals
from flashcards.insight.coverage import CARDS_MOST, Covering, State, covering, state_of
from flashcards.models import Goal
from flashcards.search.evidence import COMMON_WEIGHT, WHOLE, Searched
from flashcards.search.find_cards import find_cards
from flashcards.store import Numbers, cards
from memoryloop import search_words
from memoryloop.embeddings import EmbeddingError, embedder_named

# How much it counts that a card has the line's words, beside what it means.
WORDS_WEIGHT = 0.5
# A card that fits so well is about the line; one that fits less well may be.
ABOUT, PERHAPS = 0.25, 0.05
# The nearest cards of a line that are looked at.
CANDIDATES = 10
_CARDS_AT_ONCE = 4_096


@dataclass(frozen=True)
class CoveredLine:
    text: str
    # The cards that are about it, the best first.
    cards: list[Covering]
    # Without any: the one that may be.
    perhaps: Flashcard | None

    @property
    def state(self) -> State:
        return state_of(self.cards)


@dataclass(frozen=True)
class GoalCoverage:
    lines: list[CoveredLine]
    # Whether cards were compared by meaning; else only by words.
    by_meaning: bool

    def count(self, state: State) -> int:
        return sum(line.state == state for line in self.lines)


def read(goal: Goal, *, now: datetime) -> GoalCoverage:
    """Return the coverage of a learner's goal.

    Five SQL queries, two reads of the store, and a run of the embedding model over the lines; where
    that cannot be run, a search for each line.
    """
    lines = goals.lines_of(goal.lines)
    by_meaning = True
    try:
        judged = _judged(goal.owner_id, lines)
    except EmbeddingError:
        by_meaning = False
        judged = _by_words(goal.owner_id, lines)
    settings = study_settings.settings_for(owner_id=goal.owner_id)
    found = []
    for line, ranked in zip(lines, judged, strict=True):
        about = [card for fits, card in ranked if fits >= ABOUT][:CARDS_MOST]
        covered = [covering(card, settings, now, is_from_here=False) for card in about]
        perhaps = ranked[0][1] if ranked and not about else None
        found.append(CoveredLine(line, covered, perhaps))
    return GoalCoverage(found, by_meaning)


def fit(line: str, card: Flashcard, *, cosine: float, unrelated: float) -> float:
    """Return how well a card fits a line: 1.5 at most, 0 or less for what is unrelated."""
    terms = search_words.terms(line)
    weights = {term.word: COMMON_WEIGHT if term.is_common else 1.0 for term in terms}
    # The phrase and words spelt alike do not count.
    searched = Searched("", terms, weights, frozenset(), {card.id: 1 - cosine}, unrelated)
    evidence = searched.evidence(card)
    return 0.0 if evidence is None else evidence.nearness + WORDS_WEIGHT * evidence.cover


def _judged(owner_id: UUID, lines: Sequence[str]) -> list[list[tuple[float, Flashcard]]]:
    """Return for each line the cards that may be about it behind how well they fit, best first.

    One of each note. Raises EmbeddingError.
    """
    serving = store.read_vector_sets().serving
    ids, vectors = store.vectors(owner_id)
    if not ids:
        return _by_words(owner_id, lines)
    asked = embedder_named(serving.model).embed(lines)
    places, cosines = _nearest(asked, vectors)
    wanted = sorted({ids[place] for place in np.unique(places).tolist()})
    known = cards.for_owner(owner_id).in_bulk(wanted)
    found = []
    for line, near, likeness in zip(lines, places.tolist(), cosines.tolist(), strict=True):
        fits = [
            (fit(line, known[ids[place]], cosine=cosine, unrelated=serving.unrelated), ids[place])
            for place, cosine in zip(near, likeness, strict=True)
            if ids[place] in known
        ]
        fits.sort(key=lambda each: (-each[0], str(each[1])))
        ranked = [(value, known[card_id]) for value, card_id in fits if value >= PERHAPS]
        found.append(_one_of_each_note(ranked))
    return found


def _nearest(asked: Numbers, vectors: Numbers) -> tuple[Numbers, Numbers]:
    """Return (lines, at most CANDIDATES) places of the nearest cards, and their cosines.

    A part of the cards at a time: all cosines of 300 lines and 100,000 cards take 120 MB.
    """
    places = np.empty((len(asked), 0), dtype=np.int64)
    cosines = np.empty((len(asked), 0), dtype=np.float32)
    for start in range(0, len(vectors), _CARDS_AT_ONCE):
        part = asked @ vectors[start : start + _CARDS_AT_ONCE].astype(np.float32).T
        here = np.broadcast_to(np.arange(start, start + part.shape[1]), part.shape)
        cosines = np.concatenate([cosines, part], axis=1)
        places = np.concatenate([places, here], axis=1)
        if cosines.shape[1] > CANDIDATES:
            best = np.argpartition(-cosines, CANDIDATES, axis=1)[:, :CANDIDATES]
            cosines = np.take_along_axis(cosines, best, axis=1)
            places = np.take_along_axis(places, best, axis=1)
    return places, cosines


def _by_words(owner_id: UUID, lines: Sequence[str]) -> list[list[tuple[float, Flashcard]]]:
    if not cards.for_owner(owner_id).exists():
        return [[] for _ in lines]
    return [_with_all_words(owner_id, line) for line in lines]


def _with_all_words(owner_id: UUID, line: str) -> list[tuple[float, Flashcard]]:
    """Return the cards that have a line's words."""
    found = find_cards(owner_id=owner_id, text=line, limit=CANDIDATES)
    whole = [each for each in found if each.evidence.cover >= WHOLE]
    return _one_of_each_note([(each.evidence.cover, each.card) for each in whole])


def _one_of_each_note(ranked: Sequence[tuple[float, Flashcard]]) -> list[tuple[float, Flashcard]]:
    best: dict[UUID, tuple[float, Flashcard]] = {}
    for fits, card in ranked:
        best.setdefault(card.note_id, (fits, card))
    return list(best.values())
