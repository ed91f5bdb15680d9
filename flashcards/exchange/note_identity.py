"""What tells whether a note of a file is one that is here: its guid, and hashes of its words."""

import dataclasses
import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from uuid import UUID

from flashcards.domain import cloze
from flashcards.domain.records import Flashcard, Kind
from flashcards.domain.validation import clean
from flashcards.exchange.anki.notes import SIDE_MAX_CHARACTERS, Skipped, Words
from flashcards.exchange.anki.records import Note
from flashcards.exchange.media import count_files
from flashcards.models import NoteOrigin

# The guid of notes that were created here, in packages exported from here.
OWN_GUID = "memoryloop-"


def own_id(guid: str) -> UUID | None:
    if not guid.startswith(OWN_GUID):
        return None
    try:
        return UUID(guid.removeprefix(OWN_GUID))
    except ValueError:
        return None


def note_id_of(owner_id: UUID, guid: str) -> UUID:
    """Return the id of the note that one with this guid is here."""
    return uuid.uuid5(owner_id, f"anki:{guid}")


def guid_of(note: Note, words: Words) -> str:
    """Return what names one of the notes that a note of a file becomes."""
    return f"{note.guid}/{words.key}" if words.key else note.guid


def words_as_imported(
    owner_id: UUID, note: Note, make: Callable[..., tuple[list[Words], list[Skipped]]]
) -> tuple[list[Words], list[Skipped]]:
    """Return the notes that a note becomes, as at its last import, and the cards that are skipped.

    `make` is `words_of` for the note, which `as_one` may be given to.
    """
    found, skipped = make()
    if was_one(owner_id, note, found):
        found, skipped = make(as_one=True)
    return [part for words in found for part in gaps_as_imported(owner_id, note, words)], skipped


def gaps_as_imported(owner_id: UUID, note: Note, words: Words) -> list[Words]:
    """Return a note as the notes that it became at its last import.

    Each number of gaps within gaps was a note of its own once, and stays one. Costs one SQL query
    for a note with gaps within gaps.
    """
    if words.kind is not Kind.CLOZE or not any(
        gap.inside for gap in cloze.deletions(words.question)
    ):
        return [words]
    parts = {
        note_id_of(owner_id, guid_of(note, part)): part
        for theirs, ours in words.ordinals.items()
        if theirs
        for part in [dataclasses.replace(words, key=str(theirs), ordinals={theirs: ours})]
    }
    known = NoteOrigin.objects.filter(owner_id=owner_id, note_id__in=parts)
    apart = [parts[note_id] for note_id in known.values_list("note_id", flat=True)]
    gone = {theirs for part in apart for theirs in part.ordinals}
    rest = {theirs: ours for theirs, ours in words.ordinals.items() if theirs not in gone}
    return [*([dataclasses.replace(words, ordinals=rest)] if rest else []), *apart]


def was_one(owner_id: UUID, note: Note, found: Sequence[Words]) -> bool:
    """Tell whether texts with gaps were imported as one note, as earlier versions did.

    Costs one SQL query for a note that becomes several such texts.
    """
    others = [words for words in found if words.kind is Kind.CLOZE and words.key]
    if not others:
        return False
    known = NoteOrigin.objects.filter(
        owner_id=owner_id, note_id=note_id_of(owner_id, note.guid)
    ).first()
    if known is None:
        return False
    cards = known.labels.get("cards", {})
    here = {str(ours) for words in others for ours in words.ordinals.values()}
    return not cards or not here.isdisjoint(cards)


def words_hash(words: Words) -> str:
    joined = "\x1f".join((words.kind, words.question, words.answer, words.extra))
    return hashlib.sha256(joined.encode()).hexdigest()


def words_as_stored(card: Flashcard) -> Words:
    """Return the words of a card, with the addresses of its images and sounds."""
    return Words("", card.kind, card.question, card.answer, card.extra, {})


def fields_hash(fields: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(fields).encode()).hexdigest()


def restore_markdown(note: Note, words: Words) -> Words:
    """Return the words in the Markdown that they were exported from, if the note is unchanged.

    Packages exported from here have it beside the HTML fields, which cannot express all of it.
    """
    if '"memoryloop"' not in note.data:
        return words
    try:
        stored = json.loads(note.data)["memoryloop"]
        if stored["fields"] != fields_hash(note.fields):
            return words
        texts = {name: clean(str(stored[name])) for name in ("question", "answer", "extra")}
    except (ValueError, KeyError, TypeError, RecursionError):
        return words
    if max(map(len, texts.values())) > SIDE_MAX_CHARACTERS:
        return words
    return dataclasses.replace(
        words, question=texts["question"], answer=texts["answer"], extra=texts["extra"]
    )


def has_words(cards: Sequence[Flashcard], words: Words) -> bool:
    """Tell whether there are cards, and all of them have exactly these words."""
    wanted = words.kind, words.question, words.answer, words.extra
    return bool(cards) and all(
        (card.kind, card.question, card.answer, card.extra) == wanted for card in cards
    )


def has_same_words(
    cards: Sequence[Flashcard], words: Words, origin: NoteOrigin | None, hashed: str
) -> bool:
    """Tell whether a note of a file says what it said at its last import; `hashed` are its words.

    One that came without some of its files says more where they are there now.
    """
    if origin is None:
        return has_words(cards, words)
    if origin.words_hash != hashed:
        return False
    first = next(iter(cards), None)
    return first is None or not _lacks_files(first, words) or was_edited(first, origin)


def _lacks_files(card: Flashcard, words: Words) -> bool:
    """Tell whether a card has fewer images and sounds than the words of its note name."""
    given = sum(map(count_files, (words.question, words.answer, words.extra)))
    return sum(map(count_files, (card.question, card.answer, card.extra))) < given


def was_edited(card: Flashcard, origin: NoteOrigin) -> bool:
    """Tell whether a card has other words than at its import.

    Those with images are not compared if the import was one of an earlier version.
    """
    if own_id(origin.guid) is not None:
        return False
    hashed = words_hash(words_as_stored(card))
    if origin.texts_hash:
        return hashed != origin.texts_hash
    has_image = any("](/media/" in text for text in (card.question, card.answer, card.extra))
    return not has_image and hashed != origin.words_hash
