"""The learner: one learner's settings and cards at one moment.

A request makes one and hands it on, so that what it shows belongs together, and a rating goes by
just what was read.
"""

import functools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flashcards import scheduling, store, study_settings
from flashcards.domain.records import Flashcard, Rating, ReviewLog
from flashcards.scheduling import Agenda
from flashcards.store import Change, DueQueue, OwnerView
from flashcards.study_settings.settings import EffectiveSettings

NO_TIME = timedelta(0)


@dataclass(frozen=True)
class Learner:
    """What a learner has set, and their cards."""

    settings: EffectiveSettings
    cards: OwnerView

    @classmethod
    def read(cls, owner_id: UUID) -> "Learner":
        """Return the learner as of now. Two SQL queries; one more where decks have settings."""
        return cls(study_settings.settings_for(owner_id=owner_id), store.view(owner_id))

    @classmethod
    def remembered(cls, owner_id: UUID) -> "Learner | None":
        """Return the learner as this process saw them last, which may be outdated. No query."""
        settings = study_settings.remembered(owner_id)
        cards = store.remembered_view(owner_id)
        return None if settings is None or cards is None else cls(settings, cards)

    @property
    def owner_id(self) -> UUID:
        return self.cards.owner_id

    def due_queue(
        self,
        now: datetime,
        *,
        limit: int,
        ahead: timedelta = NO_TIME,
        only: Collection[str] | None = None,
    ) -> DueQueue:
        """Return the first cards to review, in order, and how many there are within the limits.

        Cards in their steps come `ahead` of their time; with `only`, a set of ids as text, other
        cards are left out.
        """
        rules = study_settings.queue_settings(self.settings, now)
        return self.cards.due_queue(rules, now, limit=limit, ahead=ahead, only=only)

    def next_due_at(self, now: datetime, *, only: Collection[str] | None = None) -> datetime | None:
        """Return when the next card falls due after `now`, or None if none will.

        One that is learnt is waiting from the beginning of that day on.
        """
        rules = study_settings.queue_settings(self.settings, now)
        return self.cards.next_due_at(rules, now, only=only)

    def reviews_today(self, now: datetime) -> list[ReviewLog]:
        """Return the reviews of the learner's day that were not taken back, oldest first."""
        return self.cards.recent_reviews(self.settings.day.start(now))

    def schedule_of(self, card: Flashcard) -> scheduling.ScheduleSettings:
        """Return what the scheduler goes by for a card: its deck's settings, or the learner's."""
        return study_settings.for_card(self.settings, card).schedule

    def up_to_date(self, card: Flashcard) -> Flashcard:
        """Return a card with the memory that the parameters in effect give it.

        Reads the card's log where the memory is of others.
        """
        schedule = self.schedule_of(card)
        if not scheduling.is_outdated(card, schedule):
            return card
        return scheduling.fold(card, self.cards.history(card.id), settings=schedule)

    def preview(self, card: Flashcard, now: datetime) -> dict[Rating, timedelta]:
        """Return how long until the card is due again, for each rating."""
        card = self.up_to_date(card)
        return scheduling.preview(
            card, now=now, settings=self.schedule_of(card), agenda=self.agenda(card, now)
        )

    def written(self, change: Change) -> "Learner | None":
        """Write a change worked out from this, and return the learner after it.

        None, and nothing is written, if it is outdated.
        """
        after = self.cards.write_if_unchanged(change, self.settings.stamp)
        return None if after is None else Learner(self.settings, after)

    def agenda(self, card: Flashcard, now: datetime) -> Agenda:
        """Return what is due when, as far as it bears on the day that this card may get."""
        day, rules = self.settings.day, study_settings.queue_settings(self.settings, now)

        @functools.cache
        def due_counts() -> Callable[[int, int], list[int]]:
            return self.cards.due_counts(rules, now)

        dues = self.cards.near_dues(rules, now, card.id)
        return Agenda(
            # Not asked for at all where no interval is long enough to be moved.
            lambda first, last: due_counts()(first, last),
            frozenset(day.between(now, due) for due in dues),
        )
