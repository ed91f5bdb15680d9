"""The embeddings of messages: making them, and changing the model whose vectors serve.

New messages get a vector of the serving model, and where the settings ask for another model, one of
that, too. Those that are there get theirs in slices; when none is missing, the wanted model serves
from one commit to the next. Until then, and while its server is away, the old vectors serve.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from chat.models import Message, MessageVector, ServingModel
from chat.recall import vectors
from memoryloop import embeddings
from memoryloop.embeddings import Embedder, EmbeddingError

logger = logging.getLogger(__name__)

# The embedder reads no further than its window, so a longer text is found by its beginning.
EMBEDDED_CHARACTERS = 2_000
BATCH_SIZE = 64
# How long the vectors of a model that served are kept: searches with it may still be under way.
KEPT_AFTER_SERVING = timedelta(minutes=5)
# So many vectors are removed at once.
REMOVED = 2_000

# Not of a message that has changed meanwhile, or is gone.
_STORE = """
INSERT INTO chat_messagevector (message_id, conversation_id, owner_id, model, vector)
SELECT m.id, m.conversation_id, m.owner_id, %s, given.vector::vector
FROM (VALUES {rows}) AS given (id, digest, vector) JOIN chat_message m ON m.id = given.id
WHERE md5(m.content) = given.digest AND m.owner_id IS NOT NULL
ON CONFLICT (message_id, model) DO UPDATE SET vector = excluded.vector
"""
_DONE = """
UPDATE chat_message m SET embedding_model = %s
FROM (VALUES {rows}) AS given (id, digest) WHERE m.id = given.id AND md5(m.content) = given.digest
"""


def unembedded(model: str = "") -> "QuerySet[Message]":
    """Return the messages that no model was asked for; with `model` those that it was not."""
    found = Message.objects.exclude(status=Message.Status.STREAMING)
    if not model:
        found = found.filter(embedding_model="")
    else:
        # An index serves this, and would not serve <>.
        found = found.filter(Q(embedding_model__lt=model) | Q(embedding_model__gt=model))
    return found.only("id", "content", "provider")


def embed(messages: Sequence[Message]) -> None:
    """Store the vectors of messages by the serving model, and by the wanted one, if it answers.

    Raises EmbeddingError if neither is stored.
    """
    wanted = embeddings.configured()
    ServingModel.objects.get_or_create(id=ServingModel.THE_ONE, defaults={"name": wanted.name})
    try:
        serving = vectors.serving()
    except EmbeddingError:
        serving = wanted
    embed_by(serving, messages)
    if serving.name != wanted.name:
        try:
            embed_by(wanted, messages)
        except EmbeddingError as error:
            # `change_next` comes back to them.
            logger.warning("Messages wait for their vectors by %s. %s", wanted.name, error.sentence)


def embed_by(embedder: Embedder, messages: Sequence[Message]) -> None:
    """Store the vectors of messages by one model. Raises EmbeddingError.

    What has no words, and the offline answers, which quote what is there, get none.
    """
    if not messages:
        return
    digests = {message.id: _digest(message.content) for message in messages}
    with_words = [
        message for message in messages if message.content.strip() and message.provider != "Offline"
    ]
    made: NDArray[np.float32] | None = None
    if with_words:
        made = embedder.embed([message.content[:EMBEDDED_CHARACTERS] for message in with_words])
        _check_width(embedder.name, made)
    with transaction.atomic(), connection.cursor() as cursor:
        if made is not None:
            values: list[Any] = [embedder.name]
            for message, vector in zip(with_words, made, strict=True):
                values += [message.id, digests[message.id], vectors.as_text(vector)]
            rows = ", ".join(["(%s::uuid, %s, %s)"] * len(with_words))
            cursor.execute(_STORE.format(rows=rows), values)
        done: list[Any] = [embedder.name]
        for id_, digest in digests.items():
            done += [id_, digest]
        rows = ", ".join(["(%s::uuid, %s)"] * len(digests))
        cursor.execute(_DONE.format(rows=rows), done)


def embed_next(ids: Sequence[UUID] | None = None) -> int:
    """Embed some messages that no model was asked for, of those `ids` or of all.

    Returns how many. Raises EmbeddingError.
    """
    found = unembedded()
    found = found.filter(id__in=ids) if ids is not None else found.order_by("created_at")
    messages = list(found[:BATCH_SIZE])
    embed(messages)
    return len(messages)


def change_next() -> int:
    """Embed some messages by the wanted model, or have it serve if all are. Raises EmbeddingError.

    Returns how many were embedded.
    """
    wanted = embeddings.configured()
    messages = list(unembedded(wanted.name).order_by("embedding_model", "created_at")[:BATCH_SIZE])
    if messages:
        embed_by(wanted, messages)
        return len(messages)
    vectors.make_index(wanted.name)
    _serve(wanted.name)
    return 0


def remove_old() -> int:
    """Remove some vectors of models that serve no more. Return how many."""
    serving = ServingModel.objects.first()
    if serving is None or serving.is_alone or serving.since > timezone.now() - KEPT_AFTER_SERVING:
        return 0
    keep = {serving.name, embeddings.configured().name}
    made = MessageVector.objects.order_by()
    for model in set(made.values_list("model", flat=True).distinct()) - keep:
        vectors.drop_index(model)
        old = list(made.filter(model=model).values_list("id", flat=True)[:REMOVED])
        removed, _ = MessageVector.objects.filter(id__in=old).delete()
        return removed
    ServingModel.objects.filter(name=serving.name).update(is_alone=True)
    return 0


def _serve(name: str) -> None:
    """Have a model serve, in one commit, unless messages are without its vectors again."""
    with transaction.atomic():
        serving = ServingModel.objects.select_for_update().first()
        if serving is not None and serving.name == name:
            return
        if unembedded(name).exclude(embedding_model="").exists():
            return
        ServingModel.objects.update_or_create(
            id=ServingModel.THE_ONE,
            defaults={"name": name, "since": timezone.now(), "is_alone": False},
        )
    logger.info("Messages are now searched by the vectors of %s.", name)


def _check_width(model: str, made: NDArray[np.float32]) -> None:
    known = vectors.width_of(model)
    if known and known != made.shape[1]:
        raise EmbeddingError(
            f"The embedding model {model} made vectors of {made.shape[1]:,} numbers, where "
            f"messages have {known:,}: it seems to be another model under the same name."
        )


def _digest(content: str) -> str:
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()
