"""Sending a message: it is stored, and an answer to it is written in the background."""

from uuid import UUID

from django.utils import timezone

from accounts.models import User
from chat.answers import generation
from chat.conversations.conversations import Exchange, ask
from chat.models import Conversation
from chat.recall import prefetch


def send_message(
    owner: User,
    content: str,
    *,
    conversation: Conversation | None = None,
    after: UUID | None = None,
) -> Exchange:
    """Store a learner's message and have it answered, in a new conversation if none is given.

    `after` is the newest message that the learner saw. Raises MessageError; AnswerUnderway while
    another answer is being written.
    """
    now = timezone.now()
    # First, so that the search runs while the message is being stored.
    lookup = prefetch.take(
        owner_id=owner.pk,
        text=content,
        now=now,
        conversation_id=conversation.id if conversation else None,
    )
    exchange = ask(owner, content, conversation=conversation, after=after, now=now)
    generation.start_on_commit(exchange.answer, owner, lookup=lookup)
    return exchange
