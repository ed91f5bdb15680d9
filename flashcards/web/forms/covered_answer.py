"""The answer to "perhaps covered by this card", as the pages of coverage send it."""

import uuid
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404

from accounts.http import HtmxHttpRequest
from flashcards.insight import coverage_answers
from flashcards.models import CoverageAnswer
from flashcards.store import cards
from flashcards.web.forms.ids import number_in


@dataclass(frozen=True)
class Answer:
    owner_id: uuid.UUID
    # Of the idea or the line.
    digest: str
    card_id: uuid.UUID
    is_covered: bool
    # The fragment that leads back to the row of the page; empty without one.
    row: str

    def keep(self, where: dict[str, uuid.UUID], *, now: datetime) -> CoverageAnswer:
        return coverage_answers.keep(
            owner_id=self.owner_id,
            where=where,
            digest=self.digest,
            card_id=self.card_id,
            is_covered=self.is_covered,
            now=now,
        )


def read(request: HtmxHttpRequest, digests: Container[str]) -> Answer:
    """Return what was sent. Raises Http404 for an idea or a card that is not there."""
    digest = request.POST.get("of", "")
    try:
        card_id = uuid.UUID(request.POST.get("card", ""))
    except ValueError as error:
        raise Http404("There is no such card.") from error
    owner_id = request.user.id
    if digest not in digests or not cards.for_owner(owner_id).filter(id=card_id).exists():
        raise Http404("There is no such idea or card.")
    row = number_in(request.POST.get("row"))
    return Answer(
        owner_id,
        digest,
        card_id,
        is_covered=request.POST.get("answer") == "yes",
        row="" if row is None else f"#row-{row}",
    )
