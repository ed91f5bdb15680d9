"""What a collection holds: notes with their types, their cards, and the reviews of these."""

from dataclasses import dataclass

# How the guid of a line of a text file begins that has an id, which may be another file's as well.
ROW_ID = "id:"


@dataclass(frozen=True)
class Template:
    ordinal: int
    name: str
    front: str
    back: str


@dataclass(frozen=True)
class NoteType:
    id: int
    name: str
    is_cloze: bool
    is_image_occlusion: bool
    fields: tuple[str, ...]
    templates: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    guid: str
    type_id: int
    tags: tuple[str, ...]
    fields: tuple[str, ...]
    data: str
    # Another guid that it may have here: that of an earlier version, or of its words.
    other_guid: str = ""
    # It has more than VALUE_MAX_BYTES, and `fields` has the beginning of the first.
    is_too_large: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A row of Anki's cards; `due` is a position, a day number or a time, by its kind."""

    id: int
    note_id: int
    deck_id: int
    ordinal: int
    type: int
    queue: int
    due: int
    interval: int
    factor: int
    flag: int
    data: str
    # How often it was answered, and how often of these it was forgotten.
    reps: int = 0
    lapses: int = 0


@dataclass(frozen=True, slots=True)
class Review:
    """A row of Anki's log: its id is the time (ms); intervals are days, or seconds below 0."""

    id: int
    ease: int
    interval: int
    last_interval: int
    factor: int
    duration_ms: int
    type: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A note with its cards and their reviews."""

    note: Note
    cards: list[Card]
    reviews: dict[int, list[Review]]
