"""The undo of an import: its cards go to the trash, others become what they were before it.

Each part of an import has what undoes it. What was changed here since stays.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from flashcards import store, study_settings
from flashcards.cards import batch, removed_decks
from flashcards.cards.change import change_cards
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.exchange import import_presets, import_reviews, uploads
from flashcards.exchange.import_known import logs_of
from flashcards.models import CardImport, Deck, ImportPart, NoteOrigin
from flashcards.store import Change, cards

Clock = Callable[[], datetime]
Status = CardImport.Status
_WORDS = ("question", "answer", "extra")
_LISTS = ("tags", "deck_ids")
_PLAIN = ("flag", "suspended")


@dataclass(frozen=True)
class UpdatedCard:
    """A card before and after an import, and the rows that it brought to the card's log."""

    before: Flashcard
    after: Flashcard
    rows: list[ReviewLog]


def entry(updated: UpdatedCard) -> list[Any]:
    """Return what undoes the update of a card, as a part of an import stores it."""
    before, after = _fields(updated.before), _fields(updated.after)
    changed = {name for name in before if before[name] != after[name]}
    if changed & set(_WORDS):
        # They are given back together or not at all.
        changed |= set(_WORDS)
    if updated.before.deleted_at is not None:
        # It goes back to the trash, and comes from there into the decks that it has now.
        changed.discard("deck_ids")
    return [
        str(updated.after.id),
        {name: before[name] for name in sorted(changed)},
        {name: after[name] for name in sorted(changed)},
        [str(row.id) for row in updated.rows],
    ]


def origin_entry(note_id: UUID, before: NoteOrigin | None) -> list[Any]:
    """Return what gives a note the origin that it had, as a part of an import stores it."""
    if before is None:
        return [str(note_id), "", None, {}]
    return [str(note_id), before.guid, before.words_hash, before.labels, before.texts_hash]


def run(row: CardImport, clock: Clock, seconds: float) -> None:
    """Go on undoing an import that is to be undone, to its end or for so long.

    Part by part, the last one first.
    """
    if not CardImport.objects.filter(id=row.id, status=Status.UNDOING).exists():
        return
    # The cards of its last steps can be read once they have settled.
    store.settle_batches(row.owner_id)
    if batch.run_batches(row.owner_id, lambda: _take_back_next(row, clock()), seconds=seconds):
        return
    undone = CardImport.objects.filter(id=row.id, status=Status.UNDOING).first()
    if undone is not None:
        _remove_empty(row.owner_id, _made_by(undone), clock())
        taken = undone.report.get("settings", {})
        import_presets.give_back(owner_id=row.owner_id, taken=taken, now=clock())
        made = undone.report.get("presets", ())
        import_presets.delete_unused(owner_id=row.owner_id, presets_made=made)
        CardImport.objects.filter(id=row.id).update(
            status=Status.UNDONE, done=0, updated_at=clock()
        )
        uploads.discard(row)


def _take_back_next(row: CardImport, now: datetime) -> bool:
    """Put a batch of the last part's cards into the trash. Return whether there is more.

    The last batch of a part also gives back what the import changed, and deletes the part.
    """
    with transaction.atomic():
        store.lock_owner(row.owner_id)
        fresh = CardImport.objects.select_for_update().get(id=row.id)
        part = fresh.parts.last()
        if fresh.status != Status.UNDOING or part is None:
            return False
        size = 16 * batch.BATCH_CARDS
        packed, part.card_ids = part.card_ids[:size], part.card_ids[size:]
        ids = [UUID(bytes=bytes(packed[at : at + 16])) for at in range(0, len(packed), 16)]
        change_cards(row.owner_id, ids, lambda card: dataclasses.replace(card, deleted_at=now))
        if part.card_ids:
            part.save(update_fields=["card_ids"])
        else:
            _give_back(row.owner_id, part, now)
            _give_back_origins(row.owner_id, part.origins)
            fresh.done -= fresh.done // (part.number + 1)
            part.delete()
        fresh.updated_at = now
        fresh.save(update_fields=["done", "updated_at"])
    return True


def _give_back(owner_id: UUID, part: ImportPart, now: datetime) -> None:
    """Give cards the fields and the schedule from before the import."""
    # Parts of earlier versions have no rows of the log.
    changes = {UUID(card_id): (was, now_, rows) for card_id, was, now_, *rows in part.changes}
    brought = {
        card_id: [UUID(row_id) for listed in rows for row_id in listed]
        for card_id, (_, _, rows) in changes.items()
    }
    logs = logs_of(owner_id, frozenset(card_id for card_id, ids in brought.items() if ids))
    settings = study_settings.settings_for(owner_id=owner_id)
    undone: dict[UUID, list[ReviewLog]] = {}

    def give_back(card: Flashcard) -> Change | Flashcard:
        was, then, _ = changes[card.id]
        after = _with_fields(card, was, then, now)
        schedule = study_settings.for_card(settings, after).schedule
        after, rows = import_reviews.take_back(
            after, logs[card.id], brought[card.id], now, schedule
        )
        undone[card.id] = rows
        return Change(after, rows[-1]) if rows else after

    done = change_cards(owner_id, list(changes), give_back, include_deleted=True, now=now)
    store.write(Change(each.after, log) for each in done for log in undone[each.after.id][:-1])


def _with_fields(
    card: Flashcard, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> Flashcard:
    """Return the card with what it had before, except what was changed since."""
    present = _fields(card)
    values: dict[str, Any] = {}
    words = [name for name in _WORDS if name in before]
    if words and all(present[name] == after[name] for name in words):
        values |= {name: before[name] for name in words} | {"edited_at": now}
    for name in _PLAIN:
        if name in before and present[name] == after[name]:
            values[name] = before[name]
    for name in _LISTS:
        if name in before:
            left = [e for e in present[name] if e in before[name] or e not in after[name]]
            listed = dict.fromkeys([*left, *(e for e in before[name] if e not in after[name])])
            values[name] = tuple(map(UUID, listed)) if name == "deck_ids" else tuple(listed)
    return dataclasses.replace(card, **values)


def _fields(card: Flashcard) -> dict[str, Any]:
    return {
        "question": card.question,
        "answer": card.answer,
        "extra": card.extra,
        "tags": list(card.tags),
        "deck_ids": [str(deck_id) for deck_id in card.deck_ids],
        "flag": card.flag,
        "suspended": card.suspended,
    }


def _give_back_origins(owner_id: UUID, origins: Iterable[list[Any]]) -> None:
    """Have the next import compare with what the one before this said."""
    gone, rows = [], []
    # Those of an earlier version have no hash of the texts.
    for note_id, guid, words_hash, labels, *texts_hash in origins:
        if words_hash is None:
            gone.append(UUID(note_id))
        else:
            rows.append(
                NoteOrigin(
                    owner_id=owner_id,
                    note_id=UUID(note_id),
                    guid=guid,
                    words_hash=words_hash,
                    texts_hash=next(iter(texts_hash), ""),
                    labels=labels,
                )
            )
    NoteOrigin.objects.filter(owner_id=owner_id, note_id__in=gone).delete()
    NoteOrigin.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["owner", "note_id"],
        update_fields=["guid", "words_hash", "texts_hash", "labels"],
    )


def _made_by(undone: CardImport) -> list[UUID]:
    """Return the decks that an import created, and those that were left by imports undone before.

    A deck with cards of two imports is empty once both are undone, whichever created it.
    """
    earlier = CardImport.objects.filter(owner_id=undone.owner_id, status=Status.UNDONE)
    reports = [undone.report, *earlier.values_list("report", flat=True)]
    return [UUID(deck_id) for report in reports for deck_id in report.get("decks", ())]


def _remove_empty(owner_id: UUID, deck_ids: list[UUID], now: datetime) -> None:
    """Delete those of these decks that have no card any more."""
    with transaction.atomic():
        store.lock_owner(owner_id)
        imported = cards.for_owner(owner_id)
        made = Deck.objects.filter(owner_id=owner_id, id__in=deck_ids)
        empty = [d for d in made if not imported.filter(deck_ids__contains=d.id).exists()]
        if empty:
            removed_decks.remove(owner_id=owner_id, decks=empty, now=now)
