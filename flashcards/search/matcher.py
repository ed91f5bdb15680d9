"""The matcher: turns the tree of a search into a mask over the owner's columns."""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

import numpy as np

from flashcards.cards import embedding
from flashcards.domain.query import syntax
from flashcards.domain.query.parser import DAYS_MOST, parse
from flashcards.domain.query.syntax import BadQuery, CardStatus, Node, Property
from flashcards.domain.records import State
from flashcards.domain.study_day import DAY_MICROS, Day, micros
from flashcards.models import Deck
from flashcards.scheduling import Memory
from flashcards.scheduling.memory_model import MemoryModel
from flashcards.search import answered
from flashcards.store import CardColumns, Mask, Numbers
from flashcards.study_settings import EffectiveSettings, of_cards
from memoryloop import search_words
from memoryloop.embeddings import EmbeddingError
from memoryloop.folding import fold

# How many cards `~"…"` finds at most, and their greatest distance, as a share of that of texts that
# are unrelated for the model.
NEAREST = 100
FARTHER = 1.1
# Each term costs a pass over all texts, a run of the model or a scan of the log.
TEXTS_MOST = 32
WORDS_MOST = 64
MEANINGS_MOST = 4
RATED_MOST = 4
# Each name with a wildcard is compared with all tags or decks.
WILDCARDS_MOST = 32
_COSTLY: tuple[tuple[Callable[[Node], bool], int, str], ...] = (
    (lambda node: isinstance(node, syntax.Text), TEXTS_MOST, "phrases"),
    (lambda node: isinstance(node, syntax.Meaning), MEANINGS_MOST, "meanings"),
    (lambda node: isinstance(node, syntax.Rated), RATED_MOST, "rated: terms"),
    (lambda node: isinstance(node, syntax.Introduced), RATED_MOST, "introduced: terms"),
    (lambda node: isinstance(node, syntax.Returned), RATED_MOST, "returned: terms"),
    (
        lambda node: isinstance(node, (syntax.Tagged, syntax.InDeck)) and "*" in node.name,
        WILDCARDS_MOST,
        "tags and decks with a *",
    ),
)
# All smart decks that one matcher opens may have so many times the terms of one search.
SMART_DECKS_COST = 10
# A smart deck can ask for a smart deck, and so on. Each takes of Python's stack, which is 1,000
# calls deep, as much as the deepest search does.
SMART_DECKS_DEEP = 8
LEECH_TAG = "leech"
NONE = "none"
SEPARATOR = "::"

_COMPARE: dict[str, Callable[[Numbers, float, float], Mask]] = {
    "<": lambda values, number, _: values < number,
    "<=": lambda values, number, _: values <= number,
    ">": lambda values, number, _: values > number,
    ">=": lambda values, number, _: values >= number,
    "=": lambda values, number, near: np.abs(values - number) < near,
    "!=": lambda values, number, near: np.abs(values - number) >= near,
}
# The tolerance of `=`: half of the last digit that pages show.
_NEAR = {
    Property.RETRIEVABILITY: 0.005,
    Property.STABILITY: 0.5,
    Property.DIFFICULTY: 0.05,
    Property.LAPSES: 0.5,
    Property.REPS: 0.5,
    Property.INTERVAL: 0.5,
}


@dataclass
class Matcher:
    """One search of one owner: their columns, decks, time and settings."""

    columns: CardColumns
    decks: list[Deck]
    now: datetime
    day: Day
    settings: EffectiveSettings
    # The smart decks that are being searched, to find a deck that contains itself.
    _inside: list[UUID] = field(default_factory=list)
    # What each smart deck found, and how many of them, one in another, that took. Without it a deck
    # that is asked for twice, by decks that are asked for twice themselves, is searched 2^n times.
    _opened: dict[UUID, tuple[Mask, int]] = field(default_factory=dict)
    _deepest: int = 0
    # The costly terms of the smart decks that were opened.
    _spent: Counter[str] = field(default_factory=Counter)

    @cached_property
    def _by_name(self) -> list[tuple[str, Deck]]:
        """Each deck with its folded name: smart decks may ask for decks a thousand times."""
        return [(fold(deck.name), deck) for deck in self.decks]

    def mask(self, node: Node) -> Mask:
        """Return a mask of the cards that the search finds. Raises BadQuery."""
        self._check_cost(node)
        return self._mask(node) & self.columns.alive

    def nearness(self, node: Node) -> Numbers | None:
        """Return each card's rank by the first meaning asked for; None without one."""
        parts = node.parts if isinstance(node, syntax.And) else (node,)
        asked = next((part for part in parts if isinstance(part, syntax.Meaning)), None)
        if asked is None:
            return None
        ranks = np.full(len(self.columns), np.nan)
        places = self._nearest(asked)
        ranks[places] = np.arange(len(places))
        return ranks

    def _mask(self, node: Node) -> Mask:
        columns = self.columns
        match node:
            case syntax.Everything():
                return columns.alive
            case syntax.Word(value):
                return self._having([value])
            case syntax.Text(value):
                return columns.containing(value)
            case syntax.Meaning():
                return self._marked(self._nearest(node))
            case syntax.InDeck():
                return self._in_deck(node)
            case syntax.Tagged(name):
                return self._tagged(name)
            case syntax.Is(status):
                return self._with_status(status)
            case syntax.Compared():
                return self._compared(node)
            case syntax.Within(moment, days):
                times = columns.array(f"{'created' if moment == 'added' else 'edited'}_at")
                since, until = answered.borders(days, self.day, self.now)
                return np.asarray((times >= micros(since)) & (times < micros(until)))
            case syntax.Rated() | syntax.Introduced() | syntax.Returned():
                return answered.mask(node, columns, self.day, self.now)
            case syntax.Flagged(flag):
                return np.asarray(columns.array("flag") == flag)
            case syntax.Not(part):
                return ~self._mask(part)
            case syntax.And(parts):
                words = [part.value for part in parts if isinstance(part, syntax.Word)]
                others = [part for part in parts if not isinstance(part, syntax.Word)]
                masks = [self._mask(part) for part in others]
                return np.asarray(np.logical_and.reduce([*masks, self._having(words)]))
            case syntax.Or(parts):
                return np.asarray(np.logical_or.reduce([self._mask(part) for part in parts]))

    def _having(self, words: list[str]) -> Mask:
        """Return the cards that have all of the words, but for the common ones among others."""
        columns = self.columns
        mask = columns.alive.copy()
        terms = search_words.terms(" ".join(words))
        telling = [term for term in terms if not term.is_common]
        for number, term in enumerate(telling):
            if not mask.any():
                break
            if number == WORDS_MOST:
                raise BadQuery(
                    f"A search may have {WORDS_MOST} words that every card must have. "
                    'To find cards by a long text, write ~"…" around it.',
                    0,
                )
            mask &= columns.having(term)
        if words and not terms:
            # Signs alone: they are looked for as they are.
            for word in words:
                mask &= columns.containing(word)
        return mask

    def _check_cost(self, node: Node) -> None:
        for is_kind, most, what in _COSTLY:
            found = [leaf for leaf in leaves(node) if is_kind(leaf)]
            if len(found) > most:
                raise BadQuery(f"A search may have {most} {what}; this is one too many.",
                               found[most].at)  # fmt: skip
            if not self._inside:
                continue
            self._spent[what] += len(found)
            if self._spent[what] > most * SMART_DECKS_COST:
                raise BadQuery(
                    f"Smart decks may have {most * SMART_DECKS_COST} {what} together.", 0
                )

    def _marked(self, places: Numbers) -> Mask:
        mask = np.zeros(len(self.columns), dtype=bool)
        mask[places] = True
        return mask

    def _nearest(self, asked: syntax.Meaning) -> Numbers:
        def found() -> Numbers:
            cards = embedding.similar_cards(
                owner_id=self.columns.owner_id,
                text=asked.value,
                limit=NEAREST,
                max_distance=FARTHER * embedding.unrelated(),
            )
            return self.columns.places([card.id for card in cards])

        try:
            return self.columns.remember(("meaning", asked.value), found)
        except EmbeddingError as error:
            raise BadQuery(f"Search by meaning does not work now. {error.sentence}",
                           asked.at) from error  # fmt: skip

    def _in_deck(self, node: syntax.InDeck) -> Mask:
        if fold(node.name) == NONE:
            known = {str(deck.id) for deck in self.decks}
            return ~self.columns.labelled("deck_ids", known.__contains__)
        matches = _matcher(node.name)
        decks = [deck for name, deck in self._by_name if matches(name)]
        if not decks and "*" not in node.name:
            raise BadQuery(f"You have no deck called “{node.name}”.", node.at)
        ids = {str(deck.id) for deck in decks if not deck.is_smart}
        mask = self.columns.labelled("deck_ids", ids.__contains__)
        for deck in decks:
            if deck.is_smart:
                mask = mask | self._smart(deck, node.at)
        return mask

    def _smart(self, deck: Deck, at: int) -> Mask:
        if deck.id in self._inside:
            raise BadQuery(f"The search of the deck “{deck.name}” refers to itself.", at)
        too_deep = BadQuery(f"More than {SMART_DECKS_DEEP} smart decks refer to each other.", at)
        if len(self._inside) == SMART_DECKS_DEEP:
            raise too_deep
        if deck.id not in self._opened:
            self._open(deck, at)
        mask, deep = self._opened[deck.id]
        if len(self._inside) + deep > SMART_DECKS_DEEP:
            raise too_deep
        self._deepest = max(self._deepest, deep)
        return mask

    def _open(self, deck: Deck, at: int) -> None:
        beside, self._deepest = self._deepest, 0
        self._inside.append(deck.id)
        try:
            node = parse(deck.search)
            self._check_cost(node)
            mask = self._mask(node)
            self._opened[deck.id] = mask, self._deepest + 1
        except BadQuery as error:
            raise BadQuery(f"In the search of the deck “{deck.name}”: {error.sentence}",
                           at) from error  # fmt: skip
        finally:
            self._inside.pop()
            self._deepest = beside

    def _tagged(self, name: str) -> Mask:
        if fold(name) == NONE:
            return self.columns.unlabelled("tags")
        matches = _matcher(name)
        return self.columns.labelled("tags", lambda tag: matches(fold(tag)))

    def _with_status(self, status: CardStatus) -> Mask:
        columns = self.columns
        states = columns.array("state")
        if status is CardStatus.LEECH:
            return columns.labelled("tags", lambda tag: fold(tag) == LEECH_TAG)
        if status is CardStatus.SUSPENDED:
            return np.asarray(columns.array("suspended") == 1)
        buried = columns.array("buried_until") > micros(self.now)
        if status is CardStatus.BURIED:
            return np.asarray(buried)
        if status is CardStatus.DUE:
            ready = (columns.array("due") <= micros(self.now)) & (states != State.NEW)
            return np.asarray(ready & ~buried & (columns.array("suspended") == 0))
        if status is CardStatus.LEARNING:
            return np.asarray((states == State.LEARNING) | (states == State.RELEARNING))
        return np.asarray(states == (State.NEW if status is CardStatus.NEW else State.REVIEW))

    def _compared(self, node: syntax.Compared) -> Mask:
        if node.property is Property.DUE:
            return self._due_in_days(node)
        values = property_values(self.columns, node.property, self.now, self.settings)
        with np.errstate(invalid="ignore"):
            return np.asarray(
                _COMPARE[node.operator](values, node.number, _NEAR[node.property])
                & ~np.isnan(values)
            )

    def _due_in_days(self, node: syntax.Compared) -> Mask:
        """Compare the learner's days; a new card has no due date yet."""
        due, number = self.columns.array("due"), min(max(node.number, -DAYS_MOST), DAYS_MOST)
        scheduled = self.columns.array("state") != State.NEW

        def before(days: int) -> Mask:
            return np.asarray(due < micros(self.day.start(self.now, days=days)))

        below, up_to = before(math.ceil(number)), before(math.floor(number) + 1)
        found = {
            "<": below, "<=": up_to, ">": ~up_to, ">=": ~below,
            "=": up_to & ~below, "!=": ~(up_to & ~below),
        }[node.operator]  # fmt: skip
        return np.asarray(found & scheduled)


def property_values(
    columns: CardColumns, prop: Property, now: datetime, settings: EffectiveSettings
) -> Numbers:
    """Return a property of each card as float64; NaN where it has none."""
    if prop is Property.RETRIEVABILITY:
        return retrievability(columns, now, settings)
    if prop is Property.INTERVAL:
        last = columns.array("last_review")
        days = np.round((columns.array("due") - last) / DAY_MICROS)
        return np.where(last == 0, np.nan, days)
    name = {
        Property.STABILITY: "stability",
        Property.DIFFICULTY: "difficulty",
        Property.LAPSES: "lapses",
        Property.REPS: "reps",
    }[prop]
    return columns.array(name).astype(np.float64)


def retrievability(columns: CardColumns, now: datetime, settings: EffectiveSettings) -> Numbers:
    """Return the chance that each card would be recalled now, 0 to 1; NaN for a new one.

    Of each card by the parameters that govern it.
    """
    last, stability = columns.array("last_review"), columns.array("stability")
    elapsed = np.maximum(micros(now) - last, 0) / DAY_MICROS
    chance = np.full(len(columns), np.nan)
    for own, mask in of_cards.by_parameters(columns, settings):
        model = own.schedule.model
        with np.errstate(invalid="ignore", divide="ignore"):
            of_all = model.retrievability(_memory(columns, model), elapsed)
        chance = np.where(mask, of_all, chance)
    return np.where((last == 0) | ~(stability > 0), np.nan, chance)


def _memory(columns: CardColumns, model: MemoryModel) -> Memory[Numbers]:
    """Return the memory of each card, as `memory_of` does for one; NaN for a new card."""
    stability, difficulty = (
        columns.array(name).astype(np.float64) for name in ("stability", "difficulty")
    )
    summary = model.from_summary(stability, difficulty)
    stored = columns.memory(model.key)
    if stored is None:
        return summary
    extra = zip(summary.extra, stored.T, strict=True)
    kept = tuple(np.where(np.isnan(own), other, own) for other, own in extra)
    return Memory(stability, difficulty, kept)


def leaves(node: Node) -> Iterable[Node]:
    """Yield the terms of a search, in the order in which they are written."""
    if isinstance(node, syntax.Not):
        yield from leaves(node.part)
    elif isinstance(node, (syntax.And, syntax.Or)):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node


def path_and_parents(name: str) -> list[str]:
    """Return a name and its parents: for "A::B::C" "A", "A::B" and "A::B::C"."""
    parts = name.split(SEPARATOR)
    return [SEPARATOR.join(parts[: n + 1]) for n in range(len(parts))]


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that tells whether a folded name, or a parent of it, matches.

    `*` is a wildcard.
    """
    first, *rest = fold(pattern).split("*")
    inside = first + SEPARATOR
    if not rest:
        return lambda name: name == first or name.startswith(inside)

    def is_it(name: str) -> bool:
        if not name.startswith(first):
            return False
        at = len(first)
        for piece in rest[:-1]:
            found = name.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return len(name) - at >= len(rest[-1]) and name.endswith(rest[-1])

    return lambda name: any(map(is_it, path_and_parents(name)))
