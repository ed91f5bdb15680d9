"""What a learner has said or been told before that bears on what they ask now."""

import logging
import re
from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse

from chat import finding
from chat.models import Message
from chat.tasks import EMBEDDED_CHARACTERS
from chat.tokens import cut_to_tokens, estimate_tokens
from memoryloop import background, embeddings
from memoryloop.llm.base import Found

logger = logging.getLogger(__name__)

# With MiniLM unrelated sentences lie at 0.8 and beyond, a question and its answer at 0.2 to 0.6.
MAX_DISTANCE = 0.62
# What all that is recalled may take of the prompt, and any one of it.
RECALLED_TOKENS = 2_000
MESSAGE_TOKENS = 500
# Less than this of a message says nothing.
FEWEST_TOKENS = 40
_WORD = re.compile(r"\w{3,40}")
_STOP_WORDS = frozenset(
    word
    for line in (
        "about and are between can did does explain for from has have how into its not please",
        "tell that the their there this was were what when where which who why with would you your",
    )
    for word in line.split()
)


def expect(text: str) -> None:
    """Begin to embed a question that is about to be asked, while it is being stored."""
    background.run_aside(embeddings.get_embedder().embed, [text[:EMBEDDED_CHARACTERS]])


def related_messages(
    *, owner_id: UUID, text: str, leave_out: Sequence[UUID] = (), limit: int = 5
) -> list[Found]:
    """Return the owner's messages nearest in meaning, the nearest first, each text once.

    All of them together take RECALLED_TOKENS at most. Messages without an embedding are found by
    their words, and so is everything when the embedder does not work. Five SQL queries at most;
    embedding the text takes some 7 ms.
    """
    near = _near(owner_id, text, leave_out, limit)
    # While the embedder works, words are for what it has not come to yet.
    words = " ".join(word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS)
    by_words = finding.with_words(
        owner_id=owner_id,
        text=words,
        limit=limit * 2 + len(leave_out),
        any_word=True,
        unembedded=near is not None,
    )
    ways = dict.fromkeys(by_words, "the same words") | dict.fromkeys(near or [], "close in meaning")
    ids = [id_ for id_ in dict.fromkeys([*(near or []), *by_words]) if id_ not in set(leave_out)]
    messages = (
        Message.objects.filter(conversation__owner_id=owner_id, conversation__deleted_at=None)
        .exclude(content="")
        .exclude(status=Message.Status.STREAMING)
        .select_related("conversation")
        .only("id", "content", "created_at", "conversation__title")
        .in_bulk(ids[: limit * 3])
    )
    ranked = [(messages[id_], ways[id_]) for id_ in ids if id_ in messages]
    return _within_budget(ranked, {" ".join(text.split())}, limit)


def _near(owner_id: UUID, text: str, leave_out: Sequence[UUID], limit: int) -> list[UUID] | None:
    """Return what is near in meaning; None where the text cannot be embedded."""
    embedder = embeddings.get_embedder()
    try:
        vector = embedder.embed([text[:EMBEDDED_CHARACTERS]])[0]
    except embeddings.EmbeddingError:
        logger.warning("The question could not be embedded; looking for its words.")
        return None
    near = finding.nearest(
        owner_id=owner_id,
        vector=vector,
        model=embedder.name,
        # The same text may have been said twice.
        limit=limit * 2,
        leave_out=leave_out,
    )
    return [item.id for item in near if item.distance < MAX_DISTANCE]


def _within_budget(
    ranked: Sequence[tuple[Message, str]], seen: set[str], limit: int
) -> list[Found]:
    found: list[Found] = []
    left = RECALLED_TOKENS
    for message, how in ranked:
        flat = " ".join(message.content.split())
        if flat in seen:
            continue
        seen.add(flat)
        text = cut_to_tokens(flat, min(left, MESSAGE_TOKENS))
        left -= estimate_tokens(text)
        found.append(
            Found(
                kind="message",
                title=message.conversation.title,
                text=text,
                url=reverse("chat:message", args=[message.id]),
                why=f"{how}, {message.created_at:%-d %B %Y}",
            )
        )
        if len(found) == limit or left < FEWEST_TOKENS:
            break
    return found
