"""Tasks of the chat's background worker: embedding messages, purging deleted conversations."""

from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app

from chat.conversations.jobs import EMBED_MESSAGES
from chat.models import Conversation
from chat.recall import embedding

BATCH_SIZE = 64
# What one run of `embed_missing` takes on; the next run is minutes away.
MAX_BATCHES = 50
KEPT_AFTER_DELETION = timedelta(days=30)


@app.task(name=EMBED_MESSAGES, retry=3)
def embed_messages(message_ids: list[str]) -> None:
    """Embed the messages that lack an embedding. Running it again changes nothing."""
    embedding.embed(list(embedding.unembedded().filter(id__in=message_ids)[:BATCH_SIZE]))


@app.periodic(cron="*/5 * * * *")
@app.task(name="chat.embed_missing", pass_context=False)
def embed_missing(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Embed the messages whose embedding failed or was never asked for."""
    for _ in range(MAX_BATCHES):
        batch = list(embedding.unembedded().order_by("created_at")[:BATCH_SIZE])
        if not batch:
            return
        embedding.embed(batch)


@app.periodic(cron="17 3 * * *")
@app.task(name="chat.purge_deleted", pass_context=False)
def purge_deleted(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Remove for good the conversations that were deleted 30 days ago."""
    gone = Conversation.objects.filter(deleted_at__lt=timezone.now() - KEPT_AFTER_DELETION)
    gone.delete()
