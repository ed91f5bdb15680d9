"""Notes that are here already: what a file makes of their cards."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flashcards.cards.labels import TAG_MAX_CHARACTERS
from flashcards.cards.notes import CHANGEABLE
from flashcards.domain.records import Flashcard, Kind, ReviewLog
from flashcards.domain.validation import clean
from flashcards.exchange import import_labels, import_reviews
from flashcards.exchange.anki import schedule
from flashcards.exchange.anki.notes import Words
from flashcards.exchange.anki.records import Card, Note, Review
from flashcards.exchange.anki.schedule import Calendar
from flashcards.exchange.import_labels import Labels
from flashcards.scheduling import ScheduleSettings
from flashcards.store import review_logs

WORDS_TAKEN = (
    "its words were changed here and in the file: it has the file's, and yours are in its history"
)
SCHEDULE_KEPT = (
    "it was rescheduled in the file and reviewed here: it keeps the due date it has here"
)


@dataclass(frozen=True)
class Updated:
    """A card with what the file changes, the new rows of its log, and what was not taken over."""

    card: Flashcard
    rows: list[ReviewLog]
    told: list[str]


@dataclass(frozen=True)
class Update:
    """What a file says of a card that is here already."""

    # None: the words are those of the last import.
    words: Words | None
    has_own_words: bool
    # What the file said at the last import, if that is known, and what it says now.
    labels_before: Labels | None
    labels: Labels
    living_decks: frozenset[UUID]
    theirs: Card
    # None if the schedules of the file are not wanted.
    reviews: Sequence[Review] | None
    calendar: Calendar
    # What the scheduler goes by for a card in these decks.
    schedule_of: Callable[[Sequence[UUID]], ScheduleSettings]

    @property
    def needs_logs(self) -> bool:
        is_studied = bool(self.reviews) or self.theirs.type > 0
        return self.reviews is not None and (is_studied or self._is_rescheduled)

    @property
    def _is_rescheduled(self) -> bool:
        before = self.labels_before.schedule if self.labels_before else None
        return before is not None and self.labels.schedule not in (None, before)

    def apply(self, card: Flashcard, logs: Sequence[ReviewLog], now: datetime) -> Updated:
        """Return what becomes of a card as it is now; `logs` is its whole log if it is needed."""
        after, told = import_labels.merged(card, self.labels_before, self.labels, self.living_decks)
        after = dataclasses.replace(after, deleted_at=None)
        if self.words is not None:
            after = _with_words(after, self.words, now)
            if self.has_own_words and after.edited_at == now:
                told.append(WORDS_TAKEN)
        if not self.needs_logs or self.reviews is None:
            return Updated(after, [], told)
        calendar = dataclasses.replace(self.calendar, settings=self.schedule_of(after.deck_ids))
        brought = import_reviews.bring(
            after, logs, self.theirs, self.reviews, calendar, is_changed=self._is_rescheduled
        )
        if brought.has_left_out:
            told.append(SCHEDULE_KEPT)
        return Updated(brought.card, brought.rows, told)


def labels_of(
    note: Note,
    theirs: Card,
    reviews: Sequence[Review] | None,
    deck: str | None,
    deck_id: UUID | None,
) -> Labels:
    """Return what a file says of a card besides its words and its reviews.

    `reviews` is None if its schedule is not wanted.
    """
    return Labels(
        tags=_tags(note.tags),
        deck=deck,
        deck_id=deck_id,
        flag=schedule.flag_of(theirs),
        suspended=schedule.is_suspended(theirs),
        schedule=None if reviews is None else schedule.told_of(theirs, reviews),
    )


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return Anki's tags as ours, each once."""
    cut = (clean(tag)[:TAG_MAX_CHARACTERS].strip() for tag in tags)
    return tuple(dict.fromkeys(tag for tag in cut if tag))


def logs_of(owner_id: UUID, card_ids: frozenset[UUID]) -> dict[UUID, list[ReviewLog]]:
    """Return the logs of these cards, by their ids."""
    logs: dict[UUID, list[ReviewLog]] = defaultdict(list)
    for log in (
        review_logs.for_owner(owner_id).filter(flashcard_id__in=card_ids) if card_ids else ()
    ):
        logs[log.flashcard_id].append(log)
    return logs


def _with_words(card: Flashcard, words: Words, now: datetime) -> Flashcard:
    after = dataclasses.replace(
        card,
        kind=words.kind if card.kind in CHANGEABLE else Kind.CLOZE,
        question=words.question,
        answer=words.answer,
        extra=words.extra,
    )
    return dataclasses.replace(after, edited_at=now) if after != card else card
