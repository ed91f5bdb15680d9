"""What a learner said of cards that perhaps cover an idea or a line: kept, read, taken back."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from flashcards.models import CoverageAnswer


@dataclass(frozen=True)
class Said:
    """The answers of one idea or line."""

    # By the card's id, the oldest first.
    covered_by: dict[UUID, UUID] = field(default_factory=dict)
    refused: set[UUID] = field(default_factory=set)


NOTHING = Said()


def digest_of(text: str) -> str:
    """Return what an idea or a line is known by: its words, whatever spaces are between them."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def read(owner_id: UUID, where: Iterable[UUID]) -> dict[tuple[UUID, str], Said]:
    """Return the answers by where they were given (message, document, goal) and the digest.

    One SQL query.
    """
    ids = list(where)
    found: dict[tuple[UUID, str], Said] = {}
    rows = CoverageAnswer.objects.filter(
        Q(message__in=ids) | Q(document__in=ids) | Q(goal__in=ids), owner_id=owner_id
    )
    for row in rows.order_by("said_at", "id"):
        place = row.message_id or row.document_id or row.goal_id
        if place is None:  # The database forbids it.
            continue
        said = found.setdefault((place, row.digest), Said())
        if row.is_covered:
            said.covered_by[row.card_id] = row.id
        else:
            said.refused.add(row.card_id)
    return found


def keep(
    *,
    owner_id: UUID,
    where: Mapping[str, UUID],
    digest: str,
    card_id: UUID,
    is_covered: bool,
    now: datetime,
) -> CoverageAnswer:
    """Keep an answer in place of an earlier one on the same card.

    `where` names the place by its field: {"goal_id": …}, or "message_id", or "document_id".
    """
    of: dict[str, Any] = {"message_id": None, "document_id": None, "goal_id": None, **where}
    answer, _ = CoverageAnswer.objects.update_or_create(
        owner_id=owner_id,
        digest=digest,
        card_id=card_id,
        **of,
        defaults={"is_covered": is_covered, "said_at": now},
    )
    return answer


def take_back(*, owner_id: UUID, answer_id: UUID) -> None:
    """Forget an answer; one that is gone already changes nothing."""
    CoverageAnswer.objects.filter(owner_id=owner_id, id=answer_id).delete()
