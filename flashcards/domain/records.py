"""Records: a card and a row of its review log, both immutable."""

import enum
import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.core.exceptions import MultipleObjectsReturned as DjangoMultipleObjectsReturned
from django.core.exceptions import ObjectDoesNotExist

QUESTION_MAX_CHARACTERS = 1_000
ANSWER_MAX_CHARACTERS = 5_000


# `deleted_at` of a card that was erased: only its id is left until the next checkpoint.
ERASED_AT = datetime(1970, 1, 1, tzinfo=UTC)
# The memory model of every card that was stored before cards named one.
FIRST_MEMORY_MODEL = "fsrs-6"


class Kind(enum.StrEnum):
    BASIC = "basic"
    REVERSED = "reversed"
    # `question` has {{c1::words}} or {{c1::words::hint}}; `ordinal` says which one is hidden.
    CLOZE = "cloze"


class State(enum.IntEnum):
    """The FSRS state. New is a card never reviewed (py-fsrs calls it Learning, step 0)."""

    NEW = 0
    LEARNING = 1
    REVIEW = 2
    RELEARNING = 3


class Rating(enum.IntEnum):
    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


class LogKind(enum.StrEnum):
    LEARN = "learn"
    REVIEW = "review"
    RELEARN = "relearn"
    CRAM = "cram"
    MANUAL = "manual"
    # Undoes the review whose id is `undoes`.
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a card came from: offsets in the text of a message or document, and the words' hash."""

    message_id: uuid.UUID | None = None
    start: int | None = None
    end: int | None = None
    hash: str = ""
    document_id: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Flashcard:
    """One card. Times are aware UTC; the schedule is the fold of the card's review log."""

    id: uuid.UUID
    owner_id: uuid.UUID
    # Cards of one note are siblings: edited together, distinguished by `ordinal`.
    note_id: uuid.UUID
    kind: Kind = Kind.BASIC
    ordinal: int = 1
    question: str
    answer: str = ""
    extra: str = ""
    deck_ids: tuple[uuid.UUID, ...] = ()
    tags: tuple[str, ...] = ()
    flag: int = 0
    suspended: bool = False
    buried_until: datetime | None = None
    message_id: uuid.UUID | None = None
    document_id: uuid.UUID | None = None
    source_start: int | None = None
    source_end: int | None = None
    source_hash: str = ""
    # The newest set of vectors in which the store has one of this text; empty while there is none.
    embedding_model: str = ""
    state: State = State.NEW
    step: int | None = None
    # The memory, None for a new card: days until retrievability falls to 90%,
    stability: float | None = None
    # 1 (easy) to 10 (hard),
    difficulty: float | None = None
    # what the memory model keeps besides these two, and which model that is.
    memory: tuple[float, ...] = ()
    memory_model: str = FIRST_MEMORY_MODEL
    due: datetime
    last_review: datetime | None = None
    reps: int = 0
    lapses: int = 0
    # Log rows so far; the next review answers this position.
    sequence: int = 0
    created_at: datetime
    edited_at: datetime
    deleted_at: datetime | None = None

    class DoesNotExist(ObjectDoesNotExist):
        """No such card of this owner."""

    class MultipleObjectsReturned(DjangoMultipleObjectsReturned):
        """More than one card where one was asked for."""

    @property
    def text_hash(self) -> str:
        """Return the hash of the embedded text; a vector made from other words is stale."""
        return text_hash(self.embedding_text)

    @property
    def embedding_text(self) -> str:
        return f"{self.question}\n{self.answer}".strip()

    def erased(self) -> "Flashcard":
        """Return the record that replaces a card that is erased: its id, and no words."""
        return Flashcard(
            id=self.id,
            owner_id=self.owner_id,
            note_id=self.note_id,
            question="",
            due=self.created_at,
            created_at=self.created_at,
            edited_at=self.created_at,
            deleted_at=ERASED_AT,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewLog:
    """One review of one card, with the state before and after it. Never changed once written."""

    # Made by the client: the same id twice is the same review.
    id: uuid.UUID
    owner_id: uuid.UUID
    flashcard_id: uuid.UUID
    # The position in the card's history that this row answers: 0, 1, 2 …
    sequence: int
    kind: LogKind
    # None for an undo.
    rating: Rating | None = None
    reviewed_at: datetime
    duration_ms: int = 0
    # Days since the review before; None for the first.
    elapsed_days: float | None = None
    # Days until the card was due again.
    scheduled_days: float = 0.0
    undoes: uuid.UUID | None = None
    state_before: State
    stability_before: float | None = None
    difficulty_before: float | None = None
    state_after: State
    stability_after: float | None = None
    difficulty_after: float | None = None

    class DoesNotExist(ObjectDoesNotExist):
        """No such review of this owner."""

    class MultipleObjectsReturned(DjangoMultipleObjectsReturned):
        """More than one review where one was asked for."""


@dataclass(frozen=True, kw_only=True)
class NewCard:
    """A note to create, which gives one card or several."""

    question: str
    answer: str = ""
    extra: str = ""
    kind: Kind = Kind.BASIC
    tags: tuple[str, ...] = ()
    deck_ids: tuple[uuid.UUID, ...] = ()
    source: Source | None = field(default=None)
    # Set by a caller that refers to the note elsewhere; else chosen when it is created.
    note_id: uuid.UUID | None = None


def text_hash(text: str) -> str:
    """Return the SHA-256 of a text as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
