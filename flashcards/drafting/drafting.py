"""Batches of drafts: start them, decide on the drafts, and make cards of the kept ones.

A text has one open batch at a time, and so has each passage of it. A model writes its drafts in the
background (writing.py).
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services import fallback_for, provider_for
from flashcards.cards import decks, notes
from flashcards.cards.cards import create_cards, get_card
from flashcards.cards.labels import clean_tags
from flashcards.domain.records import Flashcard, Kind, NewCard
from flashcards.drafting import generation, origins, rules, splitting, writing
from flashcards.drafting.candidates import CANDIDATES_MAX, Seen
from flashcards.drafting.origins import Origin
from flashcards.drafting.sections import sections as sections_of
from flashcards.drafting.writing import INTERRUPTED, TEXT_GONE
from flashcards.models import Draft, DraftBatch
from memoryloop.errors import UserError
from memoryloop.llm import base as llm

# A writer whose heartbeat is older is dead.
HEARTBEAT_TIMEOUT = timedelta(seconds=15)
NOT_READY = "This answer is still being written. Make cards when it is complete."

Status = DraftBatch.Status


class DraftingError(UserError):
    """Drafts of a message cannot be made, or cannot be decided on."""


class NotReady(DraftingError):
    """The message is still being written."""


class AlreadyDecided(DraftingError):
    """The batch was made into cards already, perhaps in another tab."""


def open_batch(user: User, origin: Origin, *, now: datetime | None = None) -> DraftBatch | None:
    """Return the text's open batch, as failed if its writer died. One or two queries."""
    batches = batches_for_owner(user).filter(**origin.batch_fields)
    return mark_if_dead(batches.exclude(status=Status.DONE).first(), now)


def mark_if_dead(batch: DraftBatch | None, now: datetime | None = None) -> DraftBatch | None:
    """Return the batch, marked as failed if its writer has died."""
    if batch is not None and is_stale(batch, now or timezone.now()):
        writing.end(batch.id, batch.run, Status.FAILED, INTERRUPTED)
        batch.refresh_from_db()
    return batch


def is_stale(batch: DraftBatch, now: datetime) -> bool:
    return batch.status == Status.WORKING and batch.updated_at < now - HEARTBEAT_TIMEOUT


def batches_for_owner(user: User) -> "QuerySet[DraftBatch]":
    return DraftBatch.objects.filter(owner=user)


def drafts_for_owner(user: User) -> "QuerySet[Draft]":
    return Draft.objects.filter(batch__owner=user).select_related("batch")


def check(origin: Origin) -> None:
    """Raise TooLittle or NotReady if no cards can be made of a text now."""
    if origin.is_being_written:
        raise NotReady(NOT_READY)
    if not origin.is_split:
        least = generation.PASSAGE_MIN_WORDS if origin.is_part else generation.MIN_WORDS
        generation.check(origin.passage, least=least)


def start_batch(
    user: User, origin: Origin, *, by_rules: bool = False, instead_of: str = ""
) -> DraftBatch:
    """Start a batch of drafts, or return the one that is open. Raises TooLittle, NotReady.

    A batch that failed goes on where it ended and keeps its drafts. Rules draft at once; a model
    is asked in the background, once the transaction has committed. `instead_of` is the label of a
    provider that failed: its fallback is asked this time.
    """
    check(origin)
    # Before a lock is taken: this may probe for a server.
    provider = None
    if not by_rules:
        provider = fallback_for(user, failed=instead_of) if instead_of else provider_for(user)
    model = provider if provider is not None and provider.is_model else None
    batch, claimed = _claim(user, origin, model)
    if claimed and model is None:
        _draft_by_rules(batch, origin, user)
    elif claimed and model is not None:
        transaction.on_commit(lambda: writing.begin(batch, user, model))
    return batch


def _claim(user: User, origin: Origin, model: llm.Provider | None) -> tuple[DraftBatch, bool]:
    """Return the open batch, and whether this caller is the one to write it."""
    in_parts = model is not None and not origin.is_split
    fields = {
        "provider": model.label if model else DraftBatch.RULES,
        "model": model.model if model else "",
        "sections": len(sections_of(origin.passage)) if in_parts else 1,
    }
    batch = open_batch(user, origin)
    if batch is None:
        try:
            with transaction.atomic():
                made = DraftBatch.objects.create(owner=user, **origin.batch_fields, **fields)
                return made, True
        except IntegrityError:
            # A concurrent request created it.
            batch = open_batch(user, origin)
            if batch is None:
                raise
    empty = batch.status == Status.READY and not batch.drafts.exists()
    if batch.status != Status.FAILED and not empty:
        return batch, False
    # Sections that another provider wrote do not count.
    same = batch.provider == fields["provider"] and not empty
    claimed = DraftBatch.objects.filter(id=batch.id, status=batch.status, run=batch.run).update(
        status=Status.WORKING,
        error="",
        note="",
        run=uuid.uuid4(),
        sections_done=batch.sections_done if same else 0,
        updated_at=timezone.now(),
        **fields,
    )
    batch.refresh_from_db()
    return batch, claimed == 1


def _draft_by_rules(batch: DraftBatch, origin: Origin, user: User) -> None:
    if origin.card is not None:
        card = origin.card
        found = splitting.by_rules(card.question, card.answer, card.kind)
    else:
        seen = Seen(writing.known_cards(user, origin))
        found = [candidate for candidate in rules.draft(origin.passage) if seen.add(candidate)]
    writing.store(batch.id, batch.run, found[:CANDIDATES_MAX], origin, sections_done=1)
    writing.end(batch.id, batch.run, Status.READY)
    batch.refresh_from_db()


# Deciding


def stop(batch: DraftBatch) -> None:
    """Stop the drafting and keep the drafts so far. The writer notices within a second."""
    DraftBatch.objects.filter(id=batch.id, status=Status.WORKING).update(
        status=Status.READY,
        note="You stopped the drafting: these are the drafts so far.",
        updated_at=timezone.now(),
    )
    batch.refresh_from_db()


def decide(draft: Draft, *, keep: bool) -> None:
    """Keep or drop a draft. Raises AlreadyDecided once its batch is done."""
    _check_open(draft.batch)
    draft.decision = Draft.Decision.KEEP if keep else Draft.Decision.DROP
    draft.save(update_fields=["decision"])


def edit(draft: Draft, *, question: str, answer: str) -> None:
    """Change a draft's words, and keep it. Raises AlreadyDecided."""
    _check_open(draft.batch)
    draft.question = question
    draft.answer = answer
    draft.decision = Draft.Decision.KEEP
    # What a model or the rules said was of other words.
    draft.check_result = ""
    draft.save(update_fields=["question", "answer", "decision", "check_result"])


def set_labels(batch: DraftBatch, *, deck: str, tags: Collection[str]) -> None:
    """Keep the deck and the tags that the cards of a batch will get. Raises AlreadyDecided."""
    _check_open(batch)
    batch.deck, batch.tags = deck, list(tags)
    batch.save(update_fields=["deck", "tags"])


def ask_both_ways(draft: Draft) -> None:
    """Make a basic draft one of two cards, one for each direction. Raises AlreadyDecided."""
    _check_open(draft.batch)
    if draft.kind == Kind.BASIC:
        draft.kind = Kind.REVERSED
        draft.save(update_fields=["kind"])


def add(batch: DraftBatch, *, question: str, answer: str, **fields: Any) -> Draft:
    """Add a draft after the others; `fields` are other fields of a Draft.

    Raises AlreadyDecided, or NotReady while the batch is being written.
    """
    with transaction.atomic():
        batch = DraftBatch.objects.select_for_update().get(id=batch.id)
        _check_open(batch)
        if batch.status == Status.WORKING:
            raise NotReady("Drafts are still being written. Try again when they are complete.")
        last = batch.drafts.aggregate(position=Max("position"), arrival=Max("arrival"))
        return batch.drafts.create(
            position=0 if last["position"] is None else last["position"] + 1,
            arrival=0 if last["arrival"] is None else last["arrival"] + 1,
            question=question,
            answer=answer,
            **fields,
        )


def _check_open(batch: DraftBatch) -> None:
    if batch.status == Status.DONE:
        raise AlreadyDecided(
            "These drafts were already added or dismissed, perhaps in another tab."
        )


def accept(
    user: User,
    batch_id: UUID,
    *,
    shown: Collection[UUID] = (),
    kept: Collection[UUID] = (),
    deck: str = "",
    tags: Sequence[str] = (),
    now: datetime | None = None,
) -> list[Flashcard]:
    """Make the kept drafts into cards and close the batch, in one transaction.

    `kept` decides about the drafts in `shown`; the others keep their earlier decision. The cards go
    into the deck of that name, made if there is none, and get the tags. Done twice, it makes the
    cards once. A card that was split goes into the trash, unless no draft was kept.
    Raises AlreadyDecided, CardError.
    """
    now = now or timezone.now()
    with transaction.atomic():
        batch = batches_for_owner(user).select_for_update().filter(id=batch_id).first()
        if batch is None or batch.status == Status.DONE:
            raise AlreadyDecided(
                "These drafts were already added or dismissed, perhaps in another tab."
            )
        try:
            origin = origins.of_batch(user, batch)
        except origins.NoOrigin:
            raise AlreadyDecided(TEXT_GONE) from None
        if batch.status == Status.WORKING:
            # The learner does not wait for the rest: the writer is stopped.
            DraftBatch.objects.filter(id=batch.id).update(run=uuid.uuid4())
        drafts = list(batch.drafts.all())
        labels = _labels(user, origin, deck, tags, now)
        for draft in drafts:
            if draft.id in shown:
                draft.decision = Draft.Decision.KEEP if draft.id in kept else Draft.Decision.DROP
            if draft.decision == Draft.Decision.KEEP:
                draft.note_id = uuid.uuid4()
        Draft.objects.bulk_update(drafts, ["decision", "note_id"])
        cards = create_cards(
            owner_id=user.pk,
            cards=[_card(d, origin, *labels) for d in drafts if d.decision == Draft.Decision.KEEP],
            now=now,
            message=origin.message,
            batch=batch,
        )
        if origin.card is not None and cards:
            notes.delete_note(owner_id=user.pk, note_id=origin.card.note_id, now=now)
    return cards


def undo_split(user: User, batch: DraftBatch, *, now: datetime) -> Flashcard:
    """Restore a card that was split; the cards that replaced it go into the trash.

    Raises Flashcard.DoesNotExist if the batch split no card.
    """
    if batch.card_id is None:
        raise Flashcard.DoesNotExist("No card was split.")
    with transaction.atomic():
        card = get_card(owner_id=user.pk, card_id=batch.card_id, include_deleted=True)
        notes.restore_note(owner_id=user.pk, note_id=card.note_id)
        for draft in batch.drafts.all():
            if draft.note_id is not None:
                notes.delete_note(owner_id=user.pk, note_id=draft.note_id, now=now)
    return card


def _labels(
    user: User, origin: Origin, deck: str, tags: Sequence[str], now: datetime
) -> tuple[tuple[UUID, ...], tuple[str, ...]]:
    """Return the decks and tags of the cards: of a card that is split, its own."""
    if origin.card is not None:
        return origin.card.deck_ids, origin.card.tags
    named = decks.ids_named(owner_id=user.pk, names=[deck] if deck.strip() else [], now=now)
    return named, clean_tags(tags)


def _card(
    draft: Draft, origin: Origin, deck_ids: tuple[UUID, ...], tags: tuple[str, ...]
) -> NewCard:
    return NewCard(
        question=draft.question,
        answer=draft.answer,
        kind=Kind(draft.kind),
        tags=tags,
        deck_ids=deck_ids,
        source=origin.source(draft.source_start, draft.source_end),
        note_id=draft.note_id,
    )
