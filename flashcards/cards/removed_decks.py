"""Deleted decks: kept with their settings, and there again for the cards that come back to them.

A card keeps the ids of its decks, also while it is in the trash. A deck may be deleted meanwhile:
by the learner, or by the undo of the import that created it.
"""

import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flashcards.cards import memories
from flashcards.domain.records import Flashcard
from flashcards.models import Deck, RemovedDecks, StudySettings
from flashcards.store import Change, cards
from flashcards.study_settings import PRESET_FIELDS, presets
from flashcards.study_settings.presets import BadPreset

# Of a preset that is kept, what it does not set.
_NAMES = ("id", "name")


def remove(*, owner_id: UUID, decks: Sequence[Deck], now: datetime) -> RemovedDecks:
    """Delete decks and keep what brings them back. Their cards keep the decks' ids."""
    ids = [deck.id for deck in decks]
    used = StudySettings.objects.filter(decks__in=ids).distinct()
    settings = {row["id"]: row for row in used.values("id", "name", "parameters", *PRESET_FIELDS)}
    removed = RemovedDecks.objects.create(
        owner_id=owner_id,
        created_at=now,
        decks=[
            {
                "id": str(deck.id),
                "name": deck.name,
                "search": deck.search,
                "created_at": deck.created_at.isoformat(),
                "preset": settings.get(deck.preset_id),
            }
            for deck in decks
        ],
    )
    memories.after_decks(owner_id)
    Deck.objects.filter(id__in=ids).delete()
    return removed


def create_again(owner_id: UUID, kept: Iterable[Mapping[str, Any]]) -> None:
    """Create decks again as they were, with their settings. Raises IntegrityError for a name."""
    rows = list(kept)
    chosen = _presets_for(owner_id, rows)
    Deck.objects.bulk_create(
        Deck(
            id=UUID(each["id"]),
            owner_id=owner_id,
            name=each["name"],
            search=each["search"],
            preset_id=chosen.get(each["id"]),
            created_at=datetime.fromisoformat(each["created_at"]),
        )
        for each in rows
    )
    memories.after_decks(owner_id)


def _presets_for(owner_id: UUID, kept: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the preset of each deck that had one; it is created again if it was deleted since."""
    found: dict[str, int] = {}
    created: dict[int, int] = {}
    for each in kept:
        preset = each.get("preset")
        if preset is None and each.get("settings"):
            # Before there were presets: the deck's own settings.
            preset = {"id": None, "name": each["name"], **each["settings"]}
        if preset is None:
            continue
        there = StudySettings.objects.filter(
            owner_id=owner_id, pk=created.get(preset["id"], preset["id"])
        )
        try:
            row = there.first() or presets.create(
                owner_id=owner_id,
                name=presets.free_name(owner_id, preset["name"]),
                values={name: value for name, value in preset.items() if name not in _NAMES},
                now=datetime.fromisoformat(each["created_at"]),
            )
        except BadPreset:
            # The maximum is reached: the deck comes back without it.
            continue
        found[each["id"]] = row.pk
        if preset["id"] is not None:
            created[preset["id"]] = row.pk
    return found


def bring_back(
    owner_id: UUID, before: Mapping[UUID, Flashcard], changes: Sequence[Change]
) -> list[Change]:
    """Return the changes with every deck in place that a card comes back to.

    A card comes back to the decks that it had when it went into the trash, and to those that an
    undo puts it into. Where one of them was deleted since, the deck of its name takes the card, and
    if there is none it is created again. One SQL query if no deck is missing, none if no card comes
    back.
    """
    coming = {c.card.id: ids for c in changes if (ids := _coming_to(before, c.card))}
    wanted = frozenset[UUID]().union(*coming.values())
    if not wanted:
        return list(changes)
    missing = wanted - set(Deck.objects.filter(id__in=wanted).values_list("id", flat=True))
    if not missing:
        return list(changes)
    last = _last_removals(owner_id, missing)
    found: dict[UUID, UUID] = {}
    brought = []
    for change in changes:
        card, was = change.card, before.get(change.card.id)
        for deck_id in coming.get(card.id, frozenset()) & last.keys():
            kept, at = last[deck_id]
            if was is not None and was.deleted_at is not None and at < was.deleted_at:
                # It was deleted while the card was there: the card was in it no more.
                continue
            if deck_id not in found:
                found[deck_id] = _deck_for(owner_id, kept)
            present = (found[deck_id] if each == deck_id else each for each in card.deck_ids)
            card = dataclasses.replace(card, deck_ids=tuple(dict.fromkeys(present)))
        brought.append(dataclasses.replace(change, card=card))
    return brought


def _coming_to(before: Mapping[UUID, Flashcard], after: Flashcard) -> frozenset[UUID]:
    was = before.get(after.id)
    if was is None or after.deleted_at is not None:
        return frozenset()
    if was.deleted_at is not None:
        return frozenset(after.deck_ids)
    return frozenset(after.deck_ids) - frozenset(was.deck_ids)


def _last_removals(
    owner_id: UUID, deck_ids: frozenset[UUID]
) -> dict[UUID, tuple[Mapping[str, Any], datetime]]:
    """Return what is kept of each deck, and when it was deleted last."""
    last = {}
    for removed in RemovedDecks.objects.filter(owner_id=owner_id).order_by("created_at"):
        for each in removed.decks:
            if UUID(each["id"]) in deck_ids and not each["search"]:
                last[UUID(each["id"])] = (each, removed.created_at)
    return last


def _deck_for(owner_id: UUID, kept: Mapping[str, Any]) -> UUID:
    """Return the deck that takes the place of a deleted one."""
    named = Deck.objects.filter(owner_id=owner_id).named(kept["name"])
    if named is not None:
        # A smart deck of this name holds no cards: then the card stays without the deck.
        return UUID(kept["id"]) if named.is_smart else named.id
    if cards.for_owner(owner_id).filter(deck_ids__contains=UUID(kept["id"])).exists():
        # Under its old id it would take back the cards that were left when it was deleted.
        kept = {**kept, "id": str(uuid.uuid4())}
    create_again(owner_id, [kept])
    return UUID(kept["id"])
