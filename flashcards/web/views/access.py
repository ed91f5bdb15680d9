"""The one way views get at a card, and back to where the learner was."""

import uuid

from django.http import Http404, HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User
from flashcards.cards.cards import get_card
from flashcards.domain.records import Flashcard


def card_or_404(user: User, card_id: uuid.UUID, *, include_deleted: bool = False) -> Flashcard:
    """Return the learner's own card. Raises Http404, for a stranger's as for no card at all."""
    try:
        return get_card(owner_id=user.id, card_id=card_id, include_deleted=include_deleted)
    except Flashcard.DoesNotExist:
        raise Http404("There is no such card.") from None


def next_url(request: HttpRequest, default: str) -> str:
    """Return where the page asked to go afterwards, if that is here."""
    url = request.POST.get("next") or request.GET.get("next", "")
    allowed = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if allowed else default
