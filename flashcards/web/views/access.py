"""Access helpers: the only way for views to get at an object."""

import uuid

from django.http import Http404

from accounts.models import User
from flashcards.cards.cards import get_card
from flashcards.domain.records import Flashcard
from flashcards.drafting import drafting, origins
from flashcards.drafting.origins import NoOrigin, Origin
from flashcards.models import Draft, DraftBatch


def card_or_404(user: User, card_id: uuid.UUID, *, include_deleted: bool = False) -> Flashcard:
    """Return the learner's own card. Raises Http404, for a stranger's as for no card at all."""
    try:
        return get_card(owner_id=user.id, card_id=card_id, include_deleted=include_deleted)
    except Flashcard.DoesNotExist:
        raise Http404("There is no such card.") from None


def origin_or_404(
    user: User, origin_id: uuid.UUID, *, start: int | None = None, end: int | None = None
) -> Origin:
    """Return the learner's own text, or the passage of it between two positions."""
    try:
        return origins.find(user, origin_id, start=start, end=end)
    except NoOrigin:
        raise Http404("There is no such text.") from None


def batch_or_404(user: User, batch_id: uuid.UUID) -> DraftBatch:
    """Return the learner's own batch of drafts."""
    batch = drafting.batches_for_owner(user).filter(id=batch_id).first()
    if batch is None:
        raise Http404("There are no such drafts.")
    return batch


def draft_or_404(user: User, draft_id: uuid.UUID) -> Draft:
    """Return the learner's own draft, with its batch."""
    draft = drafting.drafts_for_owner(user).filter(id=draft_id).first()
    if draft is None:
        raise Http404("There is no such draft.")
    return draft


def origin_of_batch_or_404(user: User, batch: DraftBatch) -> Origin:
    """Return the text that a batch was drafted from."""
    try:
        return origins.of_batch(user, batch)
    except NoOrigin:
        raise Http404("The text of these drafts is gone.") from None
