"""Tasks of the chat's background worker: embedding messages, purging deleted conversations."""

import contextlib
import time
from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from chat.conversations.jobs import EMBED_MESSAGES
from chat.models import Conversation
from chat.recall import embedding
from memoryloop.server import queues

BATCH_SIZE = 64
EMBED_MISSING = "chat.embed_missing"
KEPT_AFTER_DELETION = timedelta(days=30)


# Before the cards of whole collections: what was just said should be recalled.
@app.task(name=EMBED_MESSAGES, queue=queues.UNSEEN, priority=1, retry=3)
def embed_messages(message_ids: list[str]) -> None:
    """Embed the messages that lack an embedding. Running it again changes nothing."""
    embedding.embed(list(embedding.unembedded().filter(id__in=message_ids)[:BATCH_SIZE]))


@app.periodic(cron="*/5 * * * *")
@app.task(name=EMBED_MISSING, queue=queues.UNSEEN, queueing_lock=EMBED_MISSING, pass_context=False)
def embed_missing(timestamp: int) -> None:
    """Embed the messages whose embedding failed or was never asked for, in slices."""
    ends = time.monotonic() + queues.SLICE_SECONDS
    while batch := list(embedding.unembedded().order_by("created_at")[:BATCH_SIZE]):
        embedding.embed(batch)
        if time.monotonic() >= ends:
            with contextlib.suppress(AlreadyEnqueued):
                app.configure_task(EMBED_MISSING).defer(timestamp=timestamp)
            return


@app.periodic(cron="17 3 * * *")
@app.task(name="chat.purge_deleted", queue=queues.UNSEEN)
def purge_deleted(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Remove for good the conversations that were deleted 30 days ago."""
    gone = Conversation.objects.filter(deleted_at__lt=timezone.now() - KEPT_AFTER_DELETION)
    gone.delete()
