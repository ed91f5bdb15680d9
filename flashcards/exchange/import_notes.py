"""Imported notes: new cards with their review logs, or changes of cards that exist already.

Anki's id of a note (its guid) and the owner determine the ids of its cards: importing the same
package twice creates nothing twice.
"""

import dataclasses
import functools
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flashcards.cards.notes import CHANGEABLE
from flashcards.domain.records import (
    ANSWER_MAX_CHARACTERS,
    QUESTION_MAX_CHARACTERS,
    Flashcard,
    ReviewLog,
)
from flashcards.domain.validation import clean
from flashcards.exchange import import_labels
from flashcards.exchange.anki import schedule
from flashcards.exchange.anki.notes import Place, Words, left_out, words_of
from flashcards.exchange.anki.records import ROW_ID, Card, Note, NoteType, Review, Whole
from flashcards.exchange.anki.schedule import Calendar
from flashcards.exchange.html import to_markdown
from flashcards.exchange.import_choice import Choice, Decks
from flashcards.exchange.import_known import Update, labels_of, logs_of
from flashcards.exchange.import_labels import Labels
from flashcards.exchange.media import PackageMedia, placeholder
from flashcards.exchange.note_identity import (
    has_same_words,
    has_words,
    note_id_of,
    own_id,
    restore_markdown,
    was_edited,
    words_as_imported,
    words_hash,
)
from flashcards.exchange.report import Report
from flashcards.models import NoteOrigin
from flashcards.store import cards

OTHER_KIND = "the note exists already as one of another kind"
TWICE = "the same note is in the file twice"
NO_CARD = "the note has no card in the file"
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_EXAMPLE_CHARACTERS = 80
_PLAIN_LABELS = frozenset({"tags", "flag", "suspended"})


@dataclass
class Step:
    """The cards, logs and changes of some thousand notes."""

    cards: list[Flashcard] = field(default_factory=list)
    logs: list[ReviewLog] = field(default_factory=list)
    # By the ids of cards that are here already.
    updates: dict[UUID, Update] = field(default_factory=dict)
    origins: list[NoteOrigin] = field(default_factory=list)
    # By the id of a note that is here already: its origin before, if it had one.
    origins_before: dict[UUID, NoteOrigin | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Candidate:
    whole: Whole
    words: Words
    # The cards of the file by their ordinals here.
    cards: dict[int, Card]
    # Anki's name of the note, and which of those that it becomes.
    guid: str
    # The id that it has here, and another that it may have; see Note.
    note_ids: list[UUID]
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
        files: PackageMedia,
        report: Report,
        unsaid: frozenset[str] = frozenset(),
    ) -> None:
        self._unsaid = unsaid
        self._owner_id = owner_id
        self._note_types = note_types
        self._decks = decks
        self._choice = choice
        self._calendar = calendar
        self._files = files
        self._report = report
        self._guids: set[str] = set()
        self._seen: set[UUID] = set()

    def remember(self, wholes: Iterable[Whole]) -> None:
        """Remember notes of earlier steps: the same ones in a later step are skipped."""
        report, self._report = self._report, Report({})
        candidates = [each for whole in wholes for each in self._candidates(whole)]
        there, origins = self._known(candidates)
        self._seen |= {_note_id(each, there, origins) for each in candidates}
        self._report = report

    def step(self, wholes: Sequence[Whole]) -> Step:
        """Return the step of these notes. Reads the cards that exist already."""
        candidates = [each for whole in wholes for each in self._candidates(whole)]
        there, origins = self._known(candidates)
        step = Step()
        for each in candidates:
            note_id = _note_id(each, there, origins)
            if note_id in self._seen:
                for theirs in each.cards.values():
                    self._skip(TWICE, each.whole, theirs)
                continue
            self._seen.add(note_id)
            self._make(step, each, note_id, there.get(note_id, []), origins.get(note_id))
        self._try(step, [card for cards in there.values() for card in cards])
        return step

    def _known(
        self, candidates: Sequence[_Candidate]
    ) -> tuple[dict[UUID, list[Flashcard]], dict[UUID, NoteOrigin]]:
        """Return the cards and the origins that notes may have here already, by note."""
        ids = frozenset(note_id for each in candidates for note_id in each.note_ids)
        ids |= {each.own_id for each in candidates if each.own_id}
        there: dict[UUID, list[Flashcard]] = defaultdict(list)
        known = cards.for_owner(self._owner_id).with_deleted()
        for card in known.filter(note_id__in=ids) if ids else ():
            there[card.note_id].append(card)
        origins = NoteOrigin.objects.filter(owner_id=self._owner_id, note_id__in=ids)
        return there, {origin.note_id: origin for origin in origins}

    def _try(self, step: Step, known: Sequence[Flashcard]) -> None:
        """Count what the updates would change, and keep those that change something."""
        asked = frozenset(card_id for card_id, each in step.updates.items() if each.needs_logs)
        logs = logs_of(self._owner_id, asked)
        for card in known:
            update = step.updates.get(card.id)
            if update is None:
                continue
            done = update.apply(card, logs[card.id], self._calendar.now)
            for reason in done.told:
                self._report.keep(reason, _plain(card.question))
            if done.card == card and not done.rows:
                self._report.count("same")
                del step.updates[card.id]
                continue
            self._report.count("restored" if card.deleted_at is not None else "updated")
            self._report.count("reviews", _count_reviews(done.rows))

    def _skip(self, reason: str, whole: Whole, theirs: Card | None) -> None:
        self._report.skip(reason, _example(whole.note))
        reviews = whole.reviews.get(theirs.id, ()) if theirs else ()
        self._report.count("reviews_skipped", sum(map(schedule.is_rated, reviews)))

    def _candidates(self, whole: Whole) -> Iterable[_Candidate]:
        wanted = [card for card in whole.cards if self._choice.wants(card.deck_id)]
        by_ordinal = {card.ordinal: card for card in wanted}
        note = whole.note
        if not whole.cards:
            self._report.leave_out(NO_CARD, _example(note))
        is_first = note.guid not in self._guids
        self._guids.add(note.guid)
        if not is_first:
            for theirs in by_ordinal.values():
                self._skip(TWICE, whole, theirs)
            return
        if not by_ordinal:
            return
        note_type = self._note_types.get(note.type_id)
        name_of, flag_of = self._decks.name_of, schedule.flag_of
        places = {o: Place(name_of(each.deck_id), flag_of(each)) for o, each in by_ordinal.items()}
        make = functools.partial(words_of, note, note_type, sorted(by_ordinal), placeholder, places)
        found, skipped = words_as_imported(self._owner_id, note, make)
        for each in skipped:
            self._skip(each.reason, whole, by_ordinal.get(each.ordinal))
        for reason in left_out(note):
            self._report.leave_out(reason, _example(note))
        for words in found:
            guids = [note.guid, *filter(None, [note.other_guid])]
            if words.key:
                guids = [f"{guid}/{words.key}" for guid in guids]
            yield _Candidate(
                whole,
                words,
                {ours: by_ordinal[theirs] for theirs, ours in words.ordinals.items()},
                guids[0],
                [note_id_of(self._owner_id, guid) for guid in guids],
                own_id(guids[0]),
            )

    def _make(
        self,
        step: Step,
        each: _Candidate,
        note_id: UUID,
        there: list[Flashcard],
        origin: NoteOrigin | None,
    ) -> None:
        words = each.words.with_texts(clean)
        hashed = words_hash(words)
        exact = restore_markdown(each.whole.note, words)
        by_ordinal = {card.ordinal: card for card in there}
        if there:
            kind = there[0].kind
            if kind is not words.kind and not {kind, words.kind} <= set(CHANGEABLE):
                for theirs in each.cards.values():
                    self._skip(OTHER_KIND, each.whole, theirs)
                return
        is_same = has_same_words(there, exact, origin, hashed)
        texts = None if is_same else exact.with_texts(self._files.resolve)
        texts_hash = origin.texts_hash if is_same and origin else words_hash(texts or exact)
        labels = {}
        for ordinal, theirs in sorted(each.cards.items()):
            card = by_ordinal.get(ordinal)
            if card is None:
                labels[ordinal] = self._create(step, each, exact, note_id, ordinal, theirs, there)
            else:
                update = self._update(each, card, theirs, texts, origin)
                labels[ordinal] = update.labels
                step.updates[card.id] = update
        said = import_labels.as_json(origin.labels if origin else {}, labels)
        now = (hashed, texts_hash, said)
        if origin is None or (origin.words_hash, origin.texts_hash, origin.labels) != now:
            step.origins.append(
                NoteOrigin(
                    owner_id=self._owner_id,
                    note_id=note_id,
                    guid=each.guid,
                    words_hash=hashed,
                    texts_hash=texts_hash,
                    labels=said,
                )
            )
            if there:
                step.origins_before[note_id] = origin

    def _update(
        self,
        each: _Candidate,
        card: Flashcard,
        theirs: Card,
        texts: Words | None,
        origin: NoteOrigin | None,
    ) -> Update:
        """Return what the file says of a card that is here already."""
        before = import_labels.from_json(origin.labels, card.ordinal) if origin else None
        living = self._decks.living
        # What the file does not say is as it was.
        as_it_was = {name: getattr(before or card, name) for name in self._unsaid & _PLAIN_LABELS}
        labels = dataclasses.replace(self._labels(each, theirs, None), **as_it_was)
        if "deck" in self._unsaid:
            labels = dataclasses.replace(labels, deck=None)
        name = labels.deck
        if import_labels.is_to_move(card, before, name, living):
            deck_id = next(iter(self._decks.of(theirs.deck_id)), None)
        elif before is None:
            deck_id = next((each for each in card.deck_ids if each in living), None)
        elif before.deck == name:
            deck_id = before.deck_id
        else:
            deck_id = self._decks.existing(theirs.deck_id)
        return Update(
            words=texts,
            has_own_words=origin is not None and was_edited(card, origin),
            labels_before=before,
            labels=dataclasses.replace(labels, deck_id=deck_id),
            living_decks=living if deck_id is None else living | {deck_id},
            theirs=theirs,
            reviews=self._reviews(each, theirs),
            calendar=self._calendar,
            schedule_of=self._decks.schedule_of,
        )

    def _reviews(self, each: _Candidate, theirs: Card) -> Sequence[Review] | None:
        return each.whole.reviews.get(theirs.id, []) if self._choice.keep_schedule else None

    def _labels(self, each: _Candidate, theirs: Card, deck_id: UUID | None) -> Labels:
        deck, reviews = self._decks.name_of(theirs.deck_id), self._reviews(each, theirs)
        return labels_of(each.whole.note, theirs, reviews, deck, deck_id)

    def _create(
        self,
        step: Step,
        each: _Candidate,
        words: Words,
        note_id: UUID,
        ordinal: int,
        theirs: Card,
        there: list[Flashcard],
    ) -> Labels:
        """Make a new card, and return what the file says of it."""
        words = words.with_texts(self._files.resolve)
        made = self._made_at(each.whole.note.id) + timedelta(microseconds=ordinal)
        # All cards of a note have the same words: a card that is added takes those of the others.
        texts = there[0] if there and has_words(there, words) else words
        deck_ids = self._decks.of(theirs.deck_id)
        labels = self._labels(each, theirs, next(iter(deck_ids), None))
        card = Flashcard(
            id=uuid.uuid5(note_id, str(ordinal)),
            owner_id=self._owner_id,
            note_id=note_id,
            kind=words.kind,
            ordinal=ordinal,
            question=texts.question,
            answer=texts.answer,
            extra=texts.extra,
            deck_ids=deck_ids,
            tags=labels.tags,
            due=made,
            created_at=made,
            edited_at=self._calendar.now,
        )
        logs: list[ReviewLog] = []
        reviews = self._reviews(each, theirs)
        if reviews is not None:
            own = self._decks.schedule_of(deck_ids)
            calendar = dataclasses.replace(self._calendar, settings=own)
            card, logs = schedule.import_schedule(card, theirs, reviews, calendar)
        else:
            card = schedule.drop_schedule(card, theirs, self._calendar)
        step.cards.append(card)
        step.logs += logs
        self._report.count("imported")
        self._report.count("reviews", _count_reviews(logs))
        if len(card.question) > QUESTION_MAX_CHARACTERS or len(card.answer) > ANSWER_MAX_CHARACTERS:
            self._report.count("long")
        return labels

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


def _note_id(
    each: _Candidate, there: Mapping[UUID, list[Flashcard]], origins: Mapping[UUID, NoteOrigin]
) -> UUID:
    """Return the id of the note that this one is here."""
    if each.own_id is not None and each.own_id in there:
        return each.own_id
    note_id, *others = each.note_ids
    present = there.get(note_id, [])
    is_another = each.guid.startswith(ROW_ID) and present and not _shares_a_side(present[0], each)
    if present and not is_another:
        return note_id
    for other in others:
        origin = origins.get(other)
        hashed = words_hash(each.words.with_texts(clean))
        if other in there and origin is not None and origin.words_hash == hashed:
            return other
    return others[0] if is_another else note_id


def _shares_a_side(card: Flashcard, each: _Candidate) -> bool:
    """Tell whether a line may be a card with the same id: one side at least is as it was."""
    words = each.words.with_texts(clean)
    return card.question == words.question or card.answer == words.answer


def _count_reviews(rows: Iterable[ReviewLog]) -> int:
    return sum(row.rating is not None for row in rows)


def _plain(markdown: str) -> str:
    return " ".join(markdown.split())[:_EXAMPLE_CHARACTERS]


def _example(note: Note) -> str:
    words = next(filter(None, map(to_markdown.plain, note.fields)), f"note {note.id}")
    return words[:_EXAMPLE_CHARACTERS]
