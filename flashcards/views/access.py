"""The one way views get at a card."""

import uuid

from django.http import Http404

from accounts.models import User
from flashcards import services
from flashcards.records import Flashcard


def card_or_404(user: User, card_id: uuid.UUID, *, include_deleted: bool = False) -> Flashcard:
    """Return the learner's own card. Raises Http404, for a stranger's as for no card at all."""
    try:
        return services.get_card(owner_id=user.id, card_id=card_id, include_deleted=include_deleted)
    except Flashcard.DoesNotExist:
        raise Http404("There is no such card.") from None
