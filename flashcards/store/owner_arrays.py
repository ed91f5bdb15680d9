"""All of one learner's cards and answers as arrays, and what their answers add up to.

In memory, whichever engine has the rows: it says with `read_pending` how they stand.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from uuid import UUID

from flashcards.store import quarter_totals
from flashcards.store.cache import answer_totals as totals_cache
from flashcards.store.cache import answers as answers_cache
from flashcards.store.cache import collection
from flashcards.store.pending import Pending
from flashcards.store.protocol.owners import CardColumns
from flashcards.store.values import AnswerTotals, ReviewSummary


@dataclass(frozen=True)
class OwnerArrays:
    """What an engine answers from memory besides the owner view; see `CardStore`."""

    read_pending: Callable[[UUID], Pending]

    def columns(self, owner_id: UUID) -> CardColumns:
        """Return all cards of an owner as arrays. One SQL query."""
        return collection.read(owner_id, self.read_pending(owner_id))

    def answers(self, owner_id: UUID) -> answers_cache.OwnerAnswers:
        """Return all answers of an owner as arrays. One SQL query."""
        return answers_cache.read(owner_id, self.read_pending(owner_id))

    def answer_totals(self, owner_id: UUID) -> AnswerTotals | None:
        """Return how many answers an owner gave when. One SQL query, two the first time."""
        return totals_cache.read(owner_id, functools.partial(self.read_pending, owner_id))

    def review_totals(
        self,
        owner_id: UUID,
        since: datetime,
        until: datetime,
        *,
        zone: tzinfo,
        day_begins: timedelta,
    ) -> ReviewSummary:
        """Return the totals of whole quarters of an hour. Two SQL queries."""
        pending = self.read_pending(owner_id)
        return quarter_totals.read(
            owner_id, pending, since, until, zone=zone, day_begins=day_begins
        )

    def review_days(
        self, owner_id: UUID, since: datetime, *, zone: tzinfo, day_begins: timedelta
    ) -> set[date]:
        """Return the days since a time on which anything was reviewed. Two SQL queries."""
        pending = self.read_pending(owner_id)
        return quarter_totals.days(owner_id, pending, since, zone=zone, day_begins=day_begins)
