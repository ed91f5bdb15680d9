"""The embeddings of messages: which messages lack one, and storing it.

A message without words has none. It is marked as done, so that it is not looked at again.
"""

from collections.abc import Sequence

from django.db.models import QuerySet

from chat.models import Message
from memoryloop import embeddings

# The embedder reads no further than its window, so a longer text is found by its beginning.
EMBEDDED_CHARACTERS = 2_000
NOTHING_TO_EMBED = "-"


def unembedded() -> "QuerySet[Message]":
    """Return the messages that lack an embedding and are not being written."""
    return (
        Message.objects.filter(embedding=None, embedding_model="")
        .exclude(status=Message.Status.STREAMING)
        .only("id", "content")
    )


def embed(messages: Sequence[Message]) -> None:
    """Store the embeddings of messages. Raises EmbeddingError."""
    with_words = [message for message in messages if message.content.strip()]
    without_words = [message.id for message in messages if not message.content.strip()]
    if without_words:
        Message.objects.filter(id__in=without_words).update(embedding_model=NOTHING_TO_EMBED)
    if with_words:
        embedder = embeddings.get_embedder()
        vectors = embedder.embed([message.content[:EMBEDDED_CHARACTERS] for message in with_words])
        for message, vector in zip(with_words, vectors, strict=True):
            message.embedding = vector
            message.embedding_model = embedder.name
        Message.objects.bulk_update(with_words, ["embedding", "embedding_model"])
