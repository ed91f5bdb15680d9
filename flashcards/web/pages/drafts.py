"""The page of drafts: a text, the drafts from it to keep, edit or drop, and the cards made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from accounts.models import User
from accounts.services import fallback_for, name_of_fallback
from flashcards.cards import decks
from flashcards.domain import card_sides
from flashcards.domain.records import Kind
from flashcards.drafting import documents, generation, linter, writing
from flashcards.drafting.candidates import Candidate, Check
from flashcards.drafting.origins import Origin
from flashcards.models import Draft, DraftBatch

Status = DraftBatch.Status


@dataclass(frozen=True)
class DraftRow:
    """A draft with the cards it gives, what is weak about it, and the one before it, if any."""

    draft: Draft
    sides: tuple[card_sides.Draft, ...]
    findings: Sequence[linter.Finding]
    before: Draft | None = None


def context(user: User, origin: Origin, batch: DraftBatch | None) -> dict[str, Any]:
    """Return what the page takes. One query for the drafts, one for the cards.

    With a batch one more for the decks. If the drafting failed, two more, and perhaps a probe of a
    local server.
    """
    drafts = list(batch.drafts.all()) if batch else []
    is_whole_document = origin.document is not None and not origin.is_part
    return {
        "origin": origin,
        "batch": batch,
        "drafts": rows(drafts, origin),
        "cards": writing.cards_made(user, origin),
        "parts": documents.parts(origin.document) if is_whole_document and origin.document else [],
        "fallback": _fallback(user, batch),
        "deck_names": decks.names(user.pk) if batch else [],
        "by_rules": batch is not None and batch.is_by_rules,
        **counts(batch, drafts),
    }


def _fallback(user: User, batch: DraftBatch | None) -> str:
    """Return the name of the model that can be asked instead of the one that failed, if any."""
    if batch is None or batch.status != Status.FAILED or batch.is_by_rules:
        return ""
    other = fallback_for(user, failed=batch.provider)
    return name_of_fallback(other, failed=batch.provider) if other.is_model else ""


def rows(drafts: Sequence[Draft], origin: Origin) -> list[DraftRow]:
    """Return drafts as their template shows them."""
    return [row(draft, origin) for draft in drafts]


def rows_after(drafts: Sequence[Draft], arrival: int | None, origin: Origin) -> list[DraftRow]:
    """Return those of all drafts that came after one, each with the draft that it follows."""
    pairs = zip([None, *drafts], drafts, strict=False)
    return [
        replace(row(draft, origin), before=before)
        for before, draft in pairs
        if arrival is None or draft.arrival > arrival
    ]


def row(draft: Draft, origin: Origin) -> DraftRow:
    """Return a draft as its template shows it."""
    ordinals = card_sides.card_ordinals(draft.kind, draft.question) or [1]
    sides = (card_sides.Draft(draft.kind, draft.question, draft.answer, n) for n in ordinals)
    return DraftRow(draft, tuple(sides), _findings(draft, origin))


def counts(batch: DraftBatch | None, drafts: Sequence[Draft]) -> dict[str, Any]:
    """Return how many drafts are kept, and how far the drafting is."""
    return {
        "kept": sum(draft.decision == Draft.Decision.KEEP for draft in drafts),
        "working": batch is not None and batch.status == Status.WORKING,
        "failed": batch is not None and batch.status == Status.FAILED,
        "last": max((draft.arrival for draft in drafts), default=-1),
        "total": len(drafts),
    }


def _findings(draft: Draft, origin: Origin) -> Sequence[linter.Finding]:
    if draft.grounds:
        return generation.contrast_faults(draft.question, draft.answer, draft.grounds)
    candidate = Candidate(
        question=draft.question,
        answer=draft.answer,
        kind=Kind(draft.kind),
        start=draft.source_start,
        end=draft.source_end,
        check=Check(draft.check_result),
    )
    return writing.findings(candidate, origin)
