"""Contrast cards: a draft that asks for the difference between a draft and a card.

Rules write it at once; a model may replace it later, unless the learner has changed it.
"""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import mark_key_refused, provider_for
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS
from flashcards.drafting import drafting, generation
from flashcards.drafting.candidates import Candidate
from flashcards.models import Draft, DraftBatch
from memoryloop.llm import base as llm
from memoryloop.server import background

logger = logging.getLogger(__name__)

# The card exists already: after this time it stays as it is.
MODEL_SECONDS = 45.0

Words = tuple[str, str]


def add(
    user: User, beside: Draft, *, made: Words, draft: Words, card: Words, now: datetime
) -> tuple[Draft, bool]:
    """Add a contrast card to the drafts; return it, and whether it is new.

    `made` is the card by rules, which is added at once. A model, if the learner has one, writes a
    better one in the background. Raises AlreadyDecided, NotReady.
    """
    grounds = "\n\n".join(f"{question}\n{answer}".strip() for question, answer in (card, draft))
    known = beside.batch.drafts.filter(grounds=grounds).first()
    if known is not None:
        return known, False
    # Before a lock is taken: this may probe for a server.
    provider = provider_for(user)
    added = drafting.add(
        beside.batch,
        question=made[0][:QUESTION_MAX_CHARACTERS],
        answer=made[1][:ANSWER_MAX_CHARACTERS],
        source_start=beside.source_start,
        source_end=beside.source_end,
        grounds=grounds,
        rewriting_since=now if provider.is_model else None,
    )
    if provider.is_model:
        better = _improve(added.id, user, provider, (added.question, added.answer), card, draft)
        transaction.on_commit(lambda: background.submit(better, name=f"contrast {added.id}"))
    return added, True


async def _improve(
    draft_id: UUID, user: User, provider: llm.Provider, old: Words, card: Words, draft: Words
) -> None:
    """Ask a model for a better card and replace the old one; if it fails, the old one stays."""
    asked_at = timezone.now()
    found = None
    try:
        found = await asyncio.wait_for(
            generation.contrast(provider, card, draft), timeout=MODEL_SECONDS
        )
    except TimeoutError:
        logger.info("A contrast stays as the rules made it: the model took too long")
    except llm.LlmError as failure:
        logger.info("A contrast stays as the rules made it: %s", type(failure).__name__)
        if isinstance(failure, llm.AuthenticationFailed):
            await background.run_in_database(
                mark_key_refused, user, provider=provider, asked_at=asked_at
            )
    finally:
        await background.run_in_database(_replace, draft_id, old, found, provider.label)


@transaction.atomic
def _replace(draft_id: UUID, old: Words, found: Candidate | None, writer: str) -> None:
    """Replace the words by rules with the model's, unless the learner changed or decided them."""
    draft = Draft.objects.select_for_update(of=("self", "batch")).select_related("batch")
    current = draft.filter(id=draft_id).first()
    if current is None:
        return
    current.rewriting_since = None
    untouched = (current.question, current.answer) == old
    if found is not None and untouched and current.batch.status != DraftBatch.Status.DONE:
        current.question, current.answer = found.question, found.answer
        current.writer = writer[:40]
    current.save(update_fields=["question", "answer", "writer", "rewriting_since"])
