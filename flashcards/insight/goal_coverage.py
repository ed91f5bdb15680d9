"""Coverage of a goal: which of its lines have cards, which of these are fading, which have none.

A line is a heading or a question, much shorter than what is explained, so meaning alone tells
little: a card counts by how well it fits in meaning and words.
`python -m tests.benchmarks.goal_lines` measures how well.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flashcards import study_settings
from flashcards.domain.records import Flashcard
from flashcards.insight import coverage_answers, goals, near_cards
from flashcards.insight.coverage import CARDS_MOST, Covering, State, counting, perhaps, state_of
from flashcards.insight.coverage_answers import NOTHING
from flashcards.insight.near_cards import Near
from flashcards.models import Goal
from flashcards.search.evidence import WHOLE
from flashcards.search.find_cards import find_cards
from flashcards.store import cards
from memoryloop.embeddings import EmbeddingError

# A card that fits so well is about the line; one that fits less well may be.
ABOUT, PERHAPS = 0.25, 0.05
# The nearest cards of a line that are looked at.
CANDIDATES = 10


@dataclass(frozen=True)
class CoveredLine:
    text: str
    # The cards that are about it, the best first.
    cards: list[Covering]
    # Without any: the one that may be.
    perhaps: Flashcard | None

    @property
    def state(self) -> State:
        return state_of(self.cards, self.perhaps)

    @property
    def digest(self) -> str:
        return coverage_answers.digest_of(self.text)


@dataclass(frozen=True)
class GoalCoverage:
    lines: list[CoveredLine]
    # Whether cards were compared by meaning; else only by words.
    by_meaning: bool

    def count(self, state: State) -> int:
        return sum(line.state == state for line in self.lines)


def read(goal: Goal, *, now: datetime) -> GoalCoverage:
    """Return the coverage of a learner's goal.

    Six SQL queries, two reads of the store, and a run of the embedding model over the lines; where
    that cannot be run, a search for each line.
    """
    lines = goals.lines_of(goal.lines)
    answers = coverage_answers.read(goal.owner_id, [goal.id])
    said = [answers.get((goal.id, coverage_answers.digest_of(each)), NOTHING) for each in lines]
    asked_for = {card_id for each in said for card_id in each.covered_by}
    near, known, by_meaning = _near(goal.owner_id, lines, asked_for)
    settings = study_settings.settings_for(owner_id=goal.owner_id)
    found = []
    for line, heard, ranked in zip(lines, said, near, strict=True):
        about = near_cards.one_of_each_note(each for each in ranked if each.fit >= ABOUT)
        counted = counting((), about, heard, known, settings, now)
        maybe = None if counted else perhaps(ranked, heard, PERHAPS)
        found.append(CoveredLine(line, counted[:CARDS_MOST], maybe))
    return GoalCoverage(found, by_meaning)


def _near(
    owner_id: UUID, lines: Sequence[str], asked_for: Iterable[UUID]
) -> tuple[list[list[Near]], dict[UUID, Flashcard], bool]:
    """Return each line's nearest cards, the cards asked for, and whether meaning was compared."""
    try:
        found = near_cards.find(owner_id, lines, candidates=CANDIDATES, also=asked_for)
    except EmbeddingError:
        return _by_words(owner_id, lines), near_cards.read_cards(owner_id, asked_for), False
    if any(found.near):
        return found.near, found.also, True
    # No card has a vector yet.
    return _by_words(owner_id, lines), found.also, True


def _by_words(owner_id: UUID, lines: Sequence[str]) -> list[list[Near]]:
    if not cards.for_owner(owner_id).exists():
        return [[] for _ in lines]
    return [_with_all_words(owner_id, line) for line in lines]


def _with_all_words(owner_id: UUID, line: str) -> list[Near]:
    """Return the cards that have a line's words."""
    found = find_cards(owner_id=owner_id, text=line, limit=CANDIDATES)
    whole = [each for each in found if each.evidence.cover >= WHOLE]
    return [Near(each.card, 0.0, each.evidence.cover) for each in whole]
