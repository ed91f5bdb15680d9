"""What a learner has said or been told before that bears on what they ask now."""

import logging
import re
from collections.abc import Sequence
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db.models import F, QuerySet
from django.db.models.functions import Left
from django.urls import reverse
from pgvector.django import CosineDistance

from chat.models import SEARCHED_CHARACTERS, Message
from chat.tasks import EMBEDDED_CHARACTERS
from memoryloop import background, embeddings
from memoryloop.llm.base import Found

logger = logging.getLogger(__name__)

# With MiniLM unrelated sentences lie at 0.8 and beyond, a question and its answer at 0.2 to 0.6.
MAX_DISTANCE = 0.62
EXCERPT_CHARACTERS = 600
# Of a long question, what is looked for by its words.
MAX_WORDS = 24
_WORD = re.compile(r"\w{3,40}")
_STOP_WORDS = frozenset(
    word
    for line in (
        "about and are between can did does explain for from has have how into its not please",
        "tell that the their there this was were what when where which who why with would you your",
    )
    for word in line.split()
)
_VECTOR = SearchVector(Left("content", SEARCHED_CHARACTERS), config="english")


def expect(text: str) -> None:
    """Begin to embed a question that is about to be asked, while it is being stored."""
    background.run_aside(embeddings.get_embedder().embed, [text[:EMBEDDED_CHARACTERS]])


def related_messages(
    *, owner_id: UUID, text: str, leave_out: Sequence[UUID] = (), limit: int = 5
) -> list[Found]:
    """Return the owner's messages nearest in meaning, the nearest first, each text once.

    Messages without an embedding are found by their words, and so is everything when the embedder
    does not work. Three SQL queries at most; embedding the text takes some 7 ms.
    """
    messages = (
        Message.objects.filter(conversation__owner_id=owner_id, conversation__deleted_at=None)
        .exclude(id__in=leave_out)
        .exclude(content="")
        .exclude(status=Message.Status.STREAMING)
        .select_related("conversation")
        .only("id", "content", "created_at", "conversation__title")
    )
    found: list[Found] = []
    seen = {" ".join(text.split())}
    unembedded = messages
    if messages.filter(embedding__isnull=False).exists():
        embedder = embeddings.get_embedder()
        try:
            vector = embedder.embed([text[:EMBEDDED_CHARACTERS]])[0]
        except embeddings.EmbeddingError:
            logger.warning("The question could not be embedded; looking for its words.")
        else:
            unembedded = messages.filter(embedding=None)
            near = (
                messages.filter(embedding_model=embedder.name)
                .annotate(distance=CosineDistance("embedding", vector))
                .filter(distance__lt=MAX_DISTANCE)
                .order_by("distance", "id")[: limit * 2]
            )
            _add(found, near, seen, "close in meaning")
    if len(found) < limit:
        _add(found, _by_words(unembedded, text, limit), seen, "the same words")
    return found[:limit]


def _by_words(messages: "QuerySet[Message]", text: str, limit: int) -> "QuerySet[Message]":
    """Return messages that share words with a text, the best first. One SQL query."""
    words = dict.fromkeys(word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS)
    if not words:
        return messages.none()
    # Word characters only, so nothing in it means anything to PostgreSQL's query language.
    query = SearchQuery(" | ".join(list(words)[:MAX_WORDS]), search_type="raw", config="english")
    return (
        messages.alias(words=_VECTOR, rank=SearchRank(_VECTOR, query))
        .filter(words=query)
        .order_by(F("rank").desc(), "id")[: limit * 2]
    )


def _add(found: list[Found], messages: "QuerySet[Message]", seen: set[str], how: str) -> None:
    for message in messages:
        flat = " ".join(message.content.split())
        if flat in seen:
            continue
        seen.add(flat)
        found.append(
            Found(
                kind="message",
                title=message.conversation.title,
                text=_excerpt(flat),
                url=reverse("chat:message", args=[message.id]),
                why=f"{how}, {message.created_at:%-d %B %Y}",
            )
        )


def _excerpt(text: str) -> str:
    if len(text) <= EXCERPT_CHARACTERS:
        return text
    return text[:EXCERPT_CHARACTERS].rsplit(" ", 1)[0] + "…"
