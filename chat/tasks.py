"""Tasks of the chat's background worker: indexing and embedding messages, purging deleted ones."""

import contextlib
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from chat.conversations.jobs import EMBED_MESSAGES
from chat.models import Conversation, SearchWord
from chat.recall import embedding, indexing
from memoryloop.embeddings import EmbeddingError
from memoryloop.server import queues

logger = logging.getLogger(__name__)

EMBED_MISSING = "chat.embed_missing"
KEPT_AFTER_DELETION = timedelta(days=30)


# Before the cards of whole collections: what was just said should be recalled.
@app.task(name=EMBED_MESSAGES, queue=queues.UNSEEN, priority=1, retry=3)
def embed_messages(message_ids: list[str]) -> None:
    """Index and embed the messages that are not yet. Running it again changes nothing."""
    ids = [UUID(each) for each in message_ids]
    indexing.index_next(ids)
    embedding.embed_next(ids)


@app.periodic(cron="*/5 * * * *")
@app.task(name=EMBED_MISSING, queue=queues.UNSEEN, queueing_lock=EMBED_MISSING, pass_context=False)
def embed_missing(timestamp: int) -> None:
    """Do in slices what is left to do: keys, vectors, and the change to another model.

    Each step does some of its kind and returns how many; the words first, which need no model.
    """
    ends = time.monotonic() + queues.SLICE_SECONDS
    steps: tuple[Callable[[], int], ...] = (
        indexing.index_next,
        embedding.embed_next,
        embedding.change_next,
        embedding.remove_old,
    )
    for step in steps:
        while _done(step):
            if time.monotonic() >= ends:
                with contextlib.suppress(AlreadyEnqueued):
                    app.configure_task(EMBED_MISSING).defer(timestamp=timestamp)
                return


def _done(step: Callable[[], int]) -> int:
    """Do a step. A model that cannot be asked is asked again by the next run."""
    try:
        return step()
    except EmbeddingError as error:
        logger.warning("Messages wait for their vectors. %s", error.sentence)
        return 0


@app.periodic(cron="17 3 * * *")
@app.task(name="chat.purge_deleted", queue=queues.UNSEEN)
def purge_deleted(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Remove for good the conversations that were deleted 30 days ago, and words of none."""
    gone = Conversation.objects.filter(deleted_at__lt=timezone.now() - KEPT_AFTER_DELETION)
    gone.delete()
    SearchWord.objects.filter(messages=0).delete()
