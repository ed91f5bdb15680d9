"""One learner's cards: at one moment, and all of them as arrays."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.store.values import Change, DueQueue, Mask, Numbers, QueueSettings
from memoryloop.search_words import Term

T = TypeVar("T")
Labels = Literal["tags", "deck_ids"]


class OwnerView(Protocol):
    """One learner's cards at one moment: reads that belong together, and the write based on them.

    It costs one SQL query to make. What it returns, this process keeps in memory as far as it can.
    """

    @property
    def owner_id(self) -> UUID: ...

    @property
    def pending_count(self) -> int:
        """Return how many changes wait for a checkpoint; 0 for an engine that has none."""
        ...

    def card(self, card_id: UUID, *, with_deleted: bool = False) -> Flashcard:
        """Return a card, from memory where it is there. Raises DoesNotExist."""
        ...

    def cards(self, ids: Collection[UUID], *, with_deleted: bool = False) -> dict[UUID, Flashcard]:
        """Return the cards with these ids, by id in that order; the others are absent.

        One read at most, for those that are not in memory.
        """
        ...

    def log(self, log_id: UUID) -> ReviewLog | None:
        """Return a row of the log, if there is one with this id."""
        ...

    def recent_log(self, log_id: UUID, now: datetime) -> ReviewLog | None:
        """Return a row of the log, if one with this id was written within a day. From memory."""
        ...

    def history(self, card_id: UUID) -> list[ReviewLog]:
        """Return the whole log of a card, oldest first."""
        ...

    def recent_reviews(self, since: datetime) -> list[ReviewLog]:
        """Return the reviews that were not taken back, from `since` on, oldest first.

        Answers of a cram are not among them. From memory if `since` is within the last day.
        """
        ...

    def due_queue(
        self,
        settings: QueueSettings,
        now: datetime,
        *,
        limit: int,
        ahead: timedelta = timedelta(0),
        only: Collection[str] | None = None,
    ) -> DueQueue:
        """Return what is due at `now`, cards in their learning steps also `ahead` of it.

        With `only`, ids as text, other cards are as if they were not there. From memory, but for a
        read of some ten milliseconds now and then.
        """
        ...

    def next_due_at(
        self, settings: QueueSettings, now: datetime, *, only: Collection[str] | None = None
    ) -> datetime | None:
        """Return when the next card that is not due yet will be, or None if there is none.

        A learnt card is due from the beginning of its day on; which that is, is left to the caller.
        """
        ...

    def due_counts(self, settings: QueueSettings, now: datetime) -> Callable[[int, int], list[int]]:
        """Return a function of (first, last): how many cards are due on each of these days.

        Days are counted from the learner's present one. Edits of the last hours may be missing.
        """
        ...

    def near_dues(self, settings: QueueSettings, now: datetime, card_id: UUID) -> list[datetime]:
        """Return when cards near in meaning that were reviewed lately are due again."""
        ...

    def write_if_unchanged(self, change: Change, settings_stamp: str) -> "OwnerView | None":
        """Write a change worked out from this view, and return the view after it.

        Returns None, and writes nothing, if anything of the owner's was written since the view was
        made, or their study settings are not those of the stamp. One round trip to PostgreSQL,
        which commits, unless the caller is in a transaction.
        """
        ...


class CardColumns(Protocol):
    """All cards of one owner as arrays in memory, one place a card.

    Some places stand for no card any more: those are not `alive`.
    """

    @property
    def owner_id(self) -> UUID: ...

    @property
    def alive(self) -> Mask: ...

    @property
    def total(self) -> int:
        """Return how many cards there are."""
        ...

    def __len__(self) -> int: ...

    def array(self, name: str) -> Numbers:
        """Return a column: times as int64 microseconds (0 if missing), NaN for no number."""
        ...

    def memory(self, model: str) -> Numbers | None:
        """Return (n, numbers) of what a memory model keeps besides stability and difficulty.

        NaN for cards that another model wrote; None if the model keeps nothing of any card.
        """
        ...

    def having(self, term: Term) -> Mask:
        """Return the cards that have a word: a form of it, or its letters within another.

        Case and accents make no difference.
        """
        ...

    def containing(self, text: str) -> Mask:
        """Return the cards in whose question, answer or note the text occurs, in any case."""
        ...

    def labelled(self, name: Labels, wanted: Callable[[str], bool]) -> Mask:
        """Return the cards with a label of which `wanted` is true."""
        ...

    def unlabelled(self, name: Labels) -> Mask: ...

    def label_pairs(self, name: Labels, mask: Mask) -> tuple[Numbers, list[str]]:
        """Return (place, label) pairs of the cards of a mask, (n, 2), and the labels' names."""
        ...

    def label_ranks(self, name: Labels, rank: Callable[[list[str]], Mapping[str, int]]) -> Numbers:
        """Return the lowest rank among each card's labels; NaN without any."""
        ...

    def question_ranks(self) -> Numbers:
        """Return each card's place in the order of the questions, whatever their case."""
        ...

    def reviewed(self, since: datetime, rating: int | None) -> Mask:
        """Return the cards that were reviewed since a time, with that rating if one is given."""
        ...

    def marked(self, ids: Iterable[UUID]) -> Mask:
        """Return the cards with these ids."""
        ...

    def places(self, ids: Sequence[UUID] | Numbers) -> Numbers:
        """Return where the cards with these ids stand, the living ones only."""
        ...

    def places_of(self, ids: Sequence[UUID] | Numbers) -> Numbers:
        """Return where each of these cards stands; -1 for one that is not here, or was deleted."""
        ...

    def ids(self, places: Numbers) -> list[UUID]: ...

    def id_texts(self, places: Numbers) -> list[str]: ...

    def cards(self, places: Numbers) -> list[Flashcard]:
        """Return the cards at these places, whole. One read for those not in memory."""
        ...

    def order(self, key: Any, values: Callable[[], Numbers], *, descending: bool) -> Numbers:
        """Return all places sorted by a key, missing ones last; the older card before its equal.

        Worked out once for each `key`, which names what `values` returns.
        """
        ...

    def remember(self, key: Any, work_out: Callable[[], T]) -> T:
        """Return what was worked out under this key before, or work it out now."""
        ...


class Answers(Protocol):
    """The answers in one owner's review log that were not taken back, as arrays in memory.

    One place an answer, those of the same card in the order of their times but for a few minutes.
    Answers of a cram are among them, as are those of cards in the trash; those of cards that were
    erased are gone.
    """

    @property
    def owner_id(self) -> UUID: ...

    @property
    def quarters(self) -> Numbers:
        """Return in which quarter of an hour since 1970 (UTC) each was given: int32."""
        ...

    @property
    def codes(self) -> Numbers:
        """Return what each says, as in `flashcards.domain.answer_codes`: uint8."""
        ...

    @property
    def durations_ms(self) -> Numbers:
        """Return how long each took: int32."""
        ...

    @property
    def cards(self) -> Numbers:
        """Return a number for the card of each, from 0 on: int32."""
        ...

    def __len__(self) -> int: ...

    def places(self, columns: CardColumns) -> Numbers:
        """Return where each answer's card stands in the columns; -1 for one that is not there."""
        ...
