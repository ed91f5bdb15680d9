"""The edit cycle: every change of cards that exist is made here.

One transaction locks the owner, reads the cards, writes their new images and log rows to the
journal, writes the edit history, and asks the background worker for new vectors. A rating is the
one exception: `review/ratings.py` has a faster path of its own.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from flashcards import store
from flashcards.cards import history, jobs, memories, removed_decks
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.store import Change, Query

# With so many changes the journal is moved before the minute is over.
CHECKPOINT_CARDS = 500

# What a change makes of a card: its new image, a `Change` where a log row or a vector goes with the
# image or where it is to be written even if it is the same, or None to leave the card alone.
Edit = Callable[[Flashcard], Flashcard | Change | None]
# The ids of cards, or a query that finds them: it is read under the lock.
Chosen = Sequence[UUID] | Query[Flashcard]


@dataclasses.dataclass(frozen=True, slots=True)
class Changed:
    """A card before and after a change, and the log row that went with it."""

    before: Flashcard
    after: Flashcard
    log: ReviewLog | None = None


def change_cards(
    owner_id: UUID,
    chosen: Chosen,
    edit: Edit,
    *,
    include_deleted: bool = False,
    now: datetime | None = None,
    reverts: UUID | None = None,
) -> list[Changed]:
    """Change some cards of an owner, all or none; return those that were changed.

    Ids that are not the owner's are left out, and so are cards in the trash, unless
    `include_deleted`. With `now`, the edit history gets the words and tags that changed; `reverts`
    is the change that they bring back. Raises what `edit` raises, and OwnerGone.
    """
    with transaction.atomic():
        found = read_locked(owner_id, chosen, include_deleted=include_deleted)
        after = [new for card in found if (new := edit(card)) is not None]
        return write_changed(owner_id, found, after, now=now, reverts=reverts)


def change_card(
    owner_id: UUID,
    card_id: UUID,
    edit: Edit,
    *,
    include_deleted: bool = False,
    now: datetime | None = None,
) -> Changed:
    """Change one card; `before` and `after` are equal if `edit` left it alone.

    As `change_cards`, but raises DoesNotExist where there is no such card.
    """
    with transaction.atomic():
        found = read_locked(owner_id, [card_id], include_deleted=include_deleted)
        if not found:
            raise Flashcard.DoesNotExist("There is no such card.")
        new = edit(found[0])
        changed = write_changed(owner_id, found, [] if new is None else [new], now=now)
    return changed[0] if changed else Changed(found[0], found[0])


def add_cards(owner_id: UUID, changes: Iterable[Change]) -> None:
    """Write new cards to the journal, with the reviews that they bring, and have them embedded."""
    with transaction.atomic():
        store.lock_owner(owner_id)
        store.write(changes)
        jobs.request_embedding(owner_id)


# The two halves of the cycle, for what changes several cards as one


def read_locked(
    owner_id: UUID, chosen: Chosen, *, include_deleted: bool = False
) -> list[Flashcard]:
    """Lock the owner until the transaction ends, and read the cards that are to be changed."""
    store.lock_owner(owner_id)
    if not isinstance(chosen, Sequence):
        found = list(chosen)
        if any(card.owner_id != owner_id for card in found):
            raise ValueError("A card to be changed belongs to somebody else.")
        return found
    if not chosen:
        return []
    return list(store.view(owner_id).cards(chosen, with_deleted=include_deleted).values())


def write_changed(
    owner_id: UUID,
    before: Iterable[Flashcard],
    after: Iterable[Flashcard | Change],
    *,
    now: datetime | None = None,
    reverts: UUID | None = None,
) -> list[Changed]:
    """Write what became of cards that `read_locked` returned; return those that were changed.

    Cards in `after` that are not in `before` are new.
    """
    was = {card.id: card for card in before}
    changes = []
    for new in after:
        change = new if isinstance(new, Change) else Change(new)
        present = was.get(change.card.id)
        if present is not None and change.vector is None:
            change = dataclasses.replace(change, card=without_stale_vector(present, change.card))
        if isinstance(new, Change) or change.card != present:
            changes.append(change)
    changes = removed_decks.bring_back(owner_id, was, changes)
    changes = memories.after_moves(owner_id, was, changes)
    store.write(changes)
    changed = [Changed(was[c.card.id], c.card, c.log) for c in changes if c.card.id in was]
    if now is not None:
        history.record(
            owner_id=owner_id,
            before=[each.before for each in changed],
            after=[each.after for each in changed],
            now=now,
            reverts=reverts,
        )
    if any(_lacks_vector(was.get(change.card.id), change.card) for change in changes):
        jobs.request_embedding(owner_id)
    if len(changes) >= CHECKPOINT_CARDS:
        jobs.request_checkpoint()
    return changed


def without_stale_vector(before: Flashcard, after: Flashcard) -> Flashcard:
    """Return the card with no vector if its vector was made from other words."""
    if not after.embedding_model or after.text_hash == before.text_hash:
        return after
    return dataclasses.replace(after, embedding_model="")


def _lacks_vector(before: Flashcard | None, after: Flashcard) -> bool:
    """Tell whether a change left a card without the vector that the worker should make."""
    if after.deleted_at is not None or after.embedding_model:
        return False
    # The worker leaves out cards in the trash: one that comes back may never have had a vector.
    if before is None or before.deleted_at is not None:
        return True
    return before.text_hash != after.text_hash
