"""What the background worker does for the chat: embeddings, and purging what was deleted."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app

from chat.models import Conversation, Message
from memoryloop import embeddings

logger = logging.getLogger(__name__)

# The embedder reads no further than its window, so longer messages are found by how they begin.
EMBEDDED_CHARACTERS = 2_000
BATCH_SIZE = 64
# What one run of the catching up takes on; the next run is minutes away.
MAX_BATCHES = 50
NOTHING_TO_EMBED = "-"
KEPT_AFTER_DELETION = timedelta(days=30)


def request_embedding(*message_ids: UUID) -> None:
    """Ask the worker to embed messages, in the transaction that stores them."""
    embed_messages.defer(message_ids=[str(message_id) for message_id in message_ids])


@app.task(name="chat.embed_messages", retry=3)
def embed_messages(message_ids: list[str]) -> None:
    """Embed the messages that lack an embedding. Running it again changes nothing."""
    _embed(list(_unembedded().filter(id__in=message_ids)[:BATCH_SIZE]))


@app.periodic(cron="*/5 * * * *")
@app.task(name="chat.embed_missing", pass_context=False)
def embed_missing(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Catch up with messages whose embedding failed or was never asked for."""
    for _ in range(MAX_BATCHES):
        batch = list(_unembedded().order_by("created_at")[:BATCH_SIZE])
        if not batch or not _embed(batch):
            return


@app.periodic(cron="17 3 * * *")
@app.task(name="chat.purge_deleted", pass_context=False)
def purge_deleted(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Remove for good the conversations that were deleted 30 days ago."""
    gone = Conversation.objects.filter(deleted_at__lt=timezone.now() - KEPT_AFTER_DELETION)
    gone.delete()


def _unembedded() -> "QuerySet[Message]":
    return (
        Message.objects.filter(embedding=None, embedding_model="")
        .exclude(status=Message.Status.STREAMING)
        .only("id", "content")
    )


def _embed(messages: Sequence[Message]) -> int:
    """Store the embeddings of these messages and return how many there were."""
    spoken = [message for message in messages if message.content.strip()]
    # An answer without a word has no embedding; marked, so that it is not met again and again.
    silent = [message.id for message in messages if not message.content.strip()]
    if silent:
        Message.objects.filter(id__in=silent).update(embedding_model=NOTHING_TO_EMBED)
    if spoken:
        embedder = embeddings.get_embedder()
        vectors = embedder.embed([message.content[:EMBEDDED_CHARACTERS] for message in spoken])
        for message, vector in zip(spoken, vectors, strict=True):
            message.embedding = vector
            message.embedding_model = embedder.name
        Message.objects.bulk_update(spoken, ["embedding", "embedding_model"])
    return len(messages)
