"""Imported notes: new cards with their review logs, or changes of cards that exist already.

Anki's id of a note (its guid) and the owner determine the ids of its cards: importing the same
package twice creates nothing twice.
"""

import dataclasses
import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flashcards.cards.labels import TAG_MAX_CHARACTERS
from flashcards.cards.notes import CHANGEABLE
from flashcards.domain.records import (
    ANSWER_MAX_CHARACTERS,
    QUESTION_MAX_CHARACTERS,
    Flashcard,
    Kind,
    ReviewLog,
)
from flashcards.domain.validation import clean
from flashcards.exchange.anki import schedule
from flashcards.exchange.anki.collection import Card, Note, NoteType, Whole
from flashcards.exchange.anki.notes import Words, words_of
from flashcards.exchange.anki.schedule import Calendar
from flashcards.exchange.html import to_markdown
from flashcards.exchange.import_choice import Choice, Decks
from flashcards.exchange.media import Pictures, placeholder
from flashcards.exchange.report import Report
from flashcards.models import NoteOrigin
from flashcards.store import cards

# The guid of notes that were created here, in packages exported from here.
OWN_GUID = "memoryloop-"
OTHER_KIND = "the note exists already as one of another kind"
TWICE = "the same note is in the file twice"
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_EXAMPLE_CHARACTERS = 80
Changing = Callable[[Flashcard, datetime], Flashcard]


@dataclass
class Step:
    """The cards, logs and changes of some thousand notes."""

    cards: list[Flashcard] = field(default_factory=list)
    logs: list[ReviewLog] = field(default_factory=list)
    # By card id: the function that changes the card.
    changes: dict[UUID, Changing] = field(default_factory=dict)
    origins: list[NoteOrigin] = field(default_factory=list)


@dataclass(frozen=True)
class _Candidate:
    whole: Whole
    words: Words
    # The cards of the file by their ordinals here.
    cards: dict[int, Card]
    # Anki's name of the note, and which of those that it becomes.
    guid: str
    note_id: UUID
    # The note that it may be instead: one of our own that was away and comes back.
    own_id: UUID | None


class Maker:
    """Makes the steps of an import from notes; remembers the notes of earlier steps."""

    def __init__(
        self,
        *,
        owner_id: UUID,
        note_types: Mapping[int, NoteType],
        decks: Decks,
        choice: Choice,
        calendar: Calendar,
        pictures: Pictures,
        report: Report,
    ) -> None:
        self._owner_id = owner_id
        self._note_types = note_types
        self._decks = decks
        self._choice = choice
        self._calendar = calendar
        self._pictures = pictures
        self._report = report
        self._seen: set[UUID] = set()

    def remember(self, wholes: Iterable[Whole]) -> None:
        """Remember notes of earlier steps: the same ones in a later step are skipped."""
        report, self._report = self._report, Report({})
        for each in (each for whole in wholes for each in self._candidates(whole)):
            self._seen |= {each.note_id, each.own_id or each.note_id}
        self._report = report

    def step(self, wholes: Sequence[Whole]) -> Step:
        """Return the step of these notes. Reads the cards that exist already."""
        candidates = [each for whole in wholes for each in self._candidates(whole)]
        ids = {each.note_id for each in candidates}
        ids |= {each.own_id for each in candidates if each.own_id}
        there: dict[UUID, list[Flashcard]] = defaultdict(list)
        known = cards.for_owner(self._owner_id).with_deleted()
        for card in known.filter(note_id__in=frozenset(ids)) if ids else ():
            there[card.note_id].append(card)
        hashes = dict(
            NoteOrigin.objects.filter(owner_id=self._owner_id, note_id__in=ids).values_list(
                "note_id", "words_hash"
            )
        )
        step = Step()
        for each in candidates:
            note_id = each.own_id if each.own_id and each.own_id in there else each.note_id
            if note_id in self._seen:
                for _ in each.cards:
                    self._report.skip(TWICE, _example(each.whole.note))
                continue
            self._seen.add(note_id)
            self._make(step, each, note_id, there.get(note_id, []), hashes.get(note_id))
        return step

    def _candidates(self, whole: Whole) -> Iterable[_Candidate]:
        wanted = [card for card in whole.cards if self._choice.wants(card.deck_id)]
        by_ordinal = {card.ordinal: card for card in wanted}
        if not by_ordinal:
            return
        note = whole.note
        note_type = self._note_types.get(note.type_id)
        found, skipped = words_of(note, note_type, sorted(by_ordinal), placeholder)
        for each in skipped:
            self._report.skip(each.reason, _example(note))
        for words in found:
            guid = f"{note.guid}/{words.key}" if words.key else note.guid
            yield _Candidate(
                whole,
                words,
                {ours: by_ordinal[theirs] for theirs, ours in words.ordinals.items()},
                guid,
                uuid.uuid5(self._owner_id, f"anki:{guid}"),
                _own_id(guid),
            )

    def _make(
        self,
        step: Step,
        each: _Candidate,
        note_id: UUID,
        there: list[Flashcard],
        known_hash: str | None,
    ) -> None:
        words = each.words.with_texts(clean)
        hashed = words_hash(words)
        exact = restore_markdown(each.whole.note, words)
        by_ordinal = {card.ordinal: card for card in there}
        if there:
            kind = there[0].kind
            if kind is not words.kind and not {kind, words.kind} <= set(CHANGEABLE):
                for _ in each.cards:
                    self._report.skip(OTHER_KIND, _example(each.whole.note))
                return
        is_same = known_hash == hashed if known_hash else _has_words(there, exact)
        if not is_same:
            step.origins.append(
                NoteOrigin(
                    owner_id=self._owner_id, note_id=note_id, guid=each.guid, words_hash=hashed
                )
            )
        tags = tags_of(each.whole.note.tags)
        for ordinal, theirs in sorted(each.cards.items()):
            card = by_ordinal.get(ordinal)
            if card is None:
                self._create(step, each, exact, note_id, ordinal, theirs, tags, there)
            elif card.deleted_at is not None or not is_same:
                name = "restored" if card.deleted_at is not None else "updated"
                self._report.count(name)
                texts = None if is_same else exact.with_texts(self._pictures.resolve)
                step.changes[card.id] = _change_to(texts, tags)
            else:
                self._report.count("same")

    def _create(
        self,
        step: Step,
        each: _Candidate,
        words: Words,
        note_id: UUID,
        ordinal: int,
        theirs: Card,
        tags: tuple[str, ...],
        there: list[Flashcard],
    ) -> None:
        words = words.with_texts(self._pictures.resolve)
        made = self._made_at(each.whole.note.id) + timedelta(microseconds=ordinal)
        # All cards of a note have the same words: a card that is added takes those of the others.
        texts = there[0] if there and _has_words(there, words) else words
        card = Flashcard(
            id=uuid.uuid5(note_id, str(ordinal)),
            owner_id=self._owner_id,
            note_id=note_id,
            kind=words.kind,
            ordinal=ordinal,
            question=texts.question,
            answer=texts.answer,
            extra=texts.extra,
            deck_ids=self._decks.of(theirs.deck_id),
            tags=tags,
            due=made,
            created_at=made,
            edited_at=self._calendar.now,
        )
        logs: list[ReviewLog] = []
        if self._choice.keep_schedule:
            reviews = each.whole.reviews.get(theirs.id, [])
            card, logs = schedule.import_schedule(card, theirs, reviews, self._calendar)
        else:
            card = schedule.drop_schedule(card, theirs, self._calendar)
        step.cards.append(card)
        step.logs += logs
        self._report.count("imported")
        self._report.count("reviews", sum(log.rating is not None for log in logs))
        if len(card.question) > QUESTION_MAX_CHARACTERS or len(card.answer) > ANSWER_MAX_CHARACTERS:
            self._report.count("long")

    def _made_at(self, note_id: int) -> datetime:
        """Return when a note was created, which is its id; a line of a text file is created now."""
        now = self._calendar.now
        if not 0 < note_id < 2**43:
            return now
        at = datetime.fromtimestamp(note_id / 1000, UTC)
        if at < _EARLIEST:
            # In the order of the lines, and before now.
            return now - timedelta(seconds=100, microseconds=-100 * (note_id % 1_000_000))
        return min(at, now)


def words_hash(words: Words) -> str:
    joined = "\x1f".join((words.kind, words.question, words.answer, words.extra))
    return hashlib.sha256(joined.encode()).hexdigest()


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
    if max(map(len, texts.values())) > to_markdown.MAX_CHARACTERS:
        return words
    return dataclasses.replace(
        words, question=texts["question"], answer=texts["answer"], extra=texts["extra"]
    )


def tags_of(tags: Iterable[str]) -> tuple[str, ...]:
    """Return Anki's tags as ours, each once."""
    cut = (clean(tag)[:TAG_MAX_CHARACTERS].strip() for tag in tags)
    return tuple(dict.fromkeys(tag for tag in cut if tag))


def _own_id(guid: str) -> UUID | None:
    if not guid.startswith(OWN_GUID):
        return None
    try:
        return UUID(guid.removeprefix(OWN_GUID))
    except ValueError:
        return None


def _has_words(cards: Sequence[Flashcard], words: Words) -> bool:
    wanted = words.kind, words.question, words.answer, words.extra
    return bool(cards) and all(
        (card.kind, card.question, card.answer, card.extra) == wanted for card in cards
    )


def _change_to(words: Words | None, tags: tuple[str, ...]) -> Changing:
    """Return the function that gives a card the words of the file, and restores it if deleted."""

    def change(card: Flashcard, now: datetime) -> Flashcard:
        after = dataclasses.replace(card, deleted_at=None)
        if words is None:
            return after
        after = dataclasses.replace(
            after,
            kind=words.kind if card.kind in CHANGEABLE else Kind.CLOZE,
            question=words.question,
            answer=words.answer,
            extra=words.extra,
            tags=tuple(dict.fromkeys([*card.tags, *tags])),
        )
        return dataclasses.replace(after, edited_at=now) if after != card else card

    return change


def _example(note: Note) -> str:
    words = next(filter(None, map(to_markdown.plain, note.fields)), f"note {note.id}")
    return words[:_EXAMPLE_CHARACTERS]
