"""A reading: one learner's cards and answers at one moment, of a scope and a span.

Each chart makes one for its own request. What a chart does not need is not read.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.answer_codes import QUARTER_MICROS
from flashcards.domain.quarters import day_numbers
from flashcards.domain.query.syntax import And, Everything, Node, Rated
from flashcards.domain.records import Rating
from flashcards.domain.study_day import DAY_MICROS, from_micros, micros
from flashcards.insight.spans import ALL_MOST_DAYS, DAY, Span
from flashcards.insight.tallies import Tally, tally
from flashcards.review import scope as scopes
from flashcards.review.learner import Learner
from flashcards.review.scope import Scope
from flashcards.search.matcher import Matcher
from flashcards.store import Answers, AnswerTotals, CardColumns, Mask, Numbers


@dataclass(frozen=True)
class Reading:
    """What statistics are worked out from. Made by `read`."""

    learner: Learner
    scope: Scope
    span: Span
    now: datetime

    @property
    def owner_id(self) -> UUID:
        return self.learner.owner_id

    @property
    def is_all(self) -> bool:
        """Tell whether it is of everything that the learner has."""
        return self.scope == scopes.EVERYTHING

    @cached_property
    def today(self) -> date:
        """Return the learner's day."""
        return self.learner.settings.day.of(self.now)

    @cached_property
    def first(self) -> date:
        """Return the first day of the span: of all time, the day of the first answer."""
        if self.span.days is not None:
            return self.today - (self.span.days - 1) * DAY
        if (totals := self._totals) is not None:
            quarters = totals.quarters[totals.counts > 0]
        else:
            quarters = self.answers.quarters
            quarters = quarters if self.answered is None else quarters[self.answered]
        return self._first_day(quarters, QUARTER_MICROS)

    @property
    def days(self) -> int:
        """Return how many days the span has."""
        return (self.today - self.first).days + 1

    @cached_property
    def first_added(self) -> date:
        """Return the first day of the span: of all time, that of the first answer or card."""
        if self.span.days is not None:
            return self.first
        return min(self.first, self._first_day(self.columns.array("created_at")[self.cards], 1))

    @cached_property
    def matcher(self) -> Matcher:
        return scopes.matcher_of(self.learner, self.now)

    @property
    def columns(self) -> CardColumns:
        return self.matcher.columns

    @cached_property
    def cards(self) -> Mask:
        """Return which cards the scope has. Raises BadQuery."""
        return scopes.mask_of(self.learner, self.scope, self.matcher)

    @cached_property
    def answers(self) -> Answers:
        return store.answers(self.owner_id)

    @cached_property
    def answered(self) -> Mask | None:
        """Return which answers are of the scope's cards; None for all, also of deleted cards."""
        if self.is_all:
            return None
        places = self.answers.places(self.columns)
        # Place -1, of cards that are not here, is the last.
        return np.append(self.cards, False)[places]

    @cached_property
    def tally(self) -> Tally:
        """Return the answers of the span."""
        return self.tally_of(self.first)

    def tally_of(self, first: date) -> Tally:
        """Return the answers from a day to today."""
        day = self.learner.settings.day
        if (totals := self._totals) is not None:
            rows = totals.quarters, totals.codes, totals.counts, totals.durations_ms
            return tally(*rows, day=day, first=first, last=self.today)
        answers, mask = self.answers, self.answered
        quarters, codes, times = answers.quarters, answers.codes, answers.durations_ms
        if mask is not None:
            quarters, codes, times = quarters[mask], codes[mask], times[mask]
        return tally(quarters, codes, None, times, day=day, first=first, last=self.today)

    @cached_property
    def _totals(self) -> AnswerTotals | None:
        """Return the totals, where they say what is asked for."""
        return store.answer_totals(self.owner_id) if self.is_all else None

    def day_numbers(self, quarters: Numbers) -> Numbers:
        """Return on which of the learner's days quarters of an hour are, counted from today."""
        return day_numbers(quarters, self.learner.settings.day, self.today)

    def start(self, on: date, *, days: int = 0) -> datetime:
        """Return when a day of the learner's begins, or one so many days later."""
        day = self.learner.settings.day
        return day.start(self.now, days=(on - self.today).days + days)

    def search(self, *terms: Node) -> str:
        """Return the search that finds what all terms ask for among the scope's cards."""
        parts = [*self._scope_terms, *terms]
        if not parts:
            return ""
        return str(parts[0] if len(parts) == 1 else And(tuple(parts)))

    @property
    def _scope_terms(self) -> list[Node]:
        if self.scope == scopes.FORGOTTEN:
            return [Rated(1, Rating.AGAIN)]
        node = self.scope.node
        if node is None or isinstance(node, Everything):
            return []
        # One level only: `str` puts parentheses around what needs them.
        return list(node.parts) if isinstance(node, And) else [node]

    def _first_day(self, times: Numbers, micros_each: int) -> date:
        """Return the day of the first of these times that no clock gone wrong has shown."""
        earliest = micros(self.now) - ALL_MOST_DAYS * DAY_MICROS
        kept = times[times >= earliest // micros_each]
        if not len(kept):
            return self.today
        first = self.learner.settings.day.of(from_micros(int(kept.min()) * micros_each))
        return min(max(first, self.today - ALL_MOST_DAYS * DAY), self.today)


def read(owner_id: UUID, scope: Scope, span: Span, now: datetime) -> Reading:
    """Return a reading. Raises BadQuery if the search of the scope cannot be understood now.

    Six SQL queries of a deck whose cards and answers are in memory, with what is read later.
    """
    reading = Reading(Learner.read(owner_id), scope, Span(span), now)
    if not reading.is_all:
        _ = reading.cards
    return reading
