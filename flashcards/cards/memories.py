"""Which parameters a card's memory is of, and which govern it.

A card names the model and the parameters that its memory was folded with (`memory_model`). Where
others govern it now it is *outdated*: still the fold of its log, with the parameters it names.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from flashcards import scheduling, study_settings
from flashcards.cards import jobs
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.models import Deck
from flashcards.store import Change, cards, review_logs
from flashcards.study_settings import EffectiveSettings

# So many cards that are moved to other decks are folded at once, more by the worker.
FOLDED_AT_ONCE = 50


class Keys:
    """What cards store of the model and parameters that govern them, by the ids of their decks."""

    def __init__(self, settings: EffectiveSettings) -> None:
        self._settings = settings
        self._known: dict[tuple[str, ...], str] = {(): settings.schedule.model.key}

    def of(self, deck_ids: Sequence[str]) -> str:
        if not self._settings.decks:
            return self._known[()]
        decks = tuple(deck_ids)
        if decks not in self._known:
            governing = self._settings.of_decks([UUID(each) for each in decks])
            self._known[decks] = governing.schedule.model.key
        return self._known[decks]


def outdated(owner_id: UUID) -> list[UUID]:
    """Return the ids of an owner's outdated cards. Reads three columns of the owner's cards."""
    settings = study_settings.settings_for(owner_id=owner_id)
    reviewed = cards.for_owner(owner_id).with_deleted().filter(reps__gt=0)
    rows = reviewed.columns("id", "deck_ids", "memory_model")
    keys = Keys(settings)
    found = zip(rows["id"], rows["deck_ids"], rows["memory_model"], strict=True)
    return [UUID(card_id) for card_id, decks, key in found if key != keys.of(decks)]


def owners_of_outdated(owner_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of some owners who have outdated cards. Reads three columns of their cards.

    One query of the store, and one or two SQL queries for each owner.
    """
    reviewed = cards.all_owners().with_deleted().filter(owner_id__in=owner_ids, reps__gt=0)
    rows = reviewed.columns("owner_id", "deck_ids", "memory_model")
    keys = {
        str(each): Keys(study_settings.settings_for(owner_id=each))
        for each in map(UUID, set(rows["owner_id"].tolist()))
    }
    found: dict[str, None] = {}
    for owner_id, decks, key in zip(
        rows["owner_id"], rows["deck_ids"], rows["memory_model"], strict=True
    ):
        if owner_id not in found and key != keys[owner_id].of(decks):
            found[owner_id] = None
    return [UUID(each) for each in found]


def up_to_date(
    card: Flashcard, logs: Sequence[ReviewLog], settings: EffectiveSettings
) -> Flashcard:
    """Return a card, folded from its whole log if it is outdated."""
    schedule = study_settings.for_card(settings, card).schedule
    if not scheduling.is_outdated(card, schedule):
        return card
    return scheduling.fold(card, logs, settings=schedule)


def after_moves(
    owner_id: UUID, before: Mapping[UUID, Flashcard], changes: Sequence[Change]
) -> list[Change]:
    """Return changes, with the memories that cards have by the presets of their new decks.

    Of a few cards; for many, and for those with a review besides, the worker is asked. No SQL query
    if no card that was reviewed changes decks.
    """
    moved = [
        change
        for change in changes
        if change.card.reps
        and (was := before.get(change.card.id)) is not None
        and was.deck_ids != change.card.deck_ids
    ]
    if not moved:
        return list(changes)
    settings = study_settings.settings_for(owner_id=owner_id)
    stale = [
        change
        for change in moved
        if scheduling.is_outdated(
            change.card, study_settings.for_card(settings, change.card).schedule
        )
    ]
    at_once = {change.card.id for change in stale if change.log is None}
    if len(stale) > FOLDED_AT_ONCE:
        at_once = set()
    if len(at_once) < len(stale):
        jobs.request_folding(owner_id)
    if not at_once:
        return list(changes)
    logs = logs_of(owner_id, at_once)
    return [
        Change(up_to_date(each.card, logs[each.card.id], settings), each.log, each.vector)
        if each.card.id in at_once
        else each
        for each in changes
    ]


def after_decks(owner_id: UUID) -> None:
    """Have the cards folded that a change of decks may have put under another preset.

    It may be that of a deck which theirs is inside of. Before decks are deleted, after others are
    created or renamed.
    """
    if Deck.objects.filter(owner_id=owner_id).exclude(preset=None).exists():
        jobs.request_folding(owner_id)


def logs_of(owner_id: UUID, card_ids: Iterable[UUID]) -> Mapping[UUID, list[ReviewLog]]:
    """Return the review logs of some cards, by card."""
    found: dict[UUID, list[ReviewLog]] = defaultdict(list)
    for log in review_logs.for_owner(owner_id).filter(flashcard_id__in=frozenset(card_ids)):
        found[log.flashcard_id].append(log)
    return found
