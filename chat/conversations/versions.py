"""Versions: another answer to a question, an edited question, and a fork of a conversation."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat.conversations import branches
from chat.conversations.conversations import (
    BranchEnd,
    Exchange,
    MessageError,
    Status,
    add_messages,
    check_content,
    lock_conversation,
)
from chat.models import TITLE_MAX_CHARACTERS, Conversation, Message, Seed, Summary

# The fields that a fork copies from a message.
_COPIED = (
    "position", "role", "content", "status", "error", "provider", "model",
    "created_at", "updated_at",
)  # fmt: skip


class NothingToAnswer(MessageError):
    """An answer without a question before it."""


class StillBeingWritten(MessageError):
    """A fork would copy an unfinished answer."""


@transaction.atomic
def regenerate(answer: Message, *, now: datetime | None = None) -> Message:
    """Store the row of another answer to the same question, which a generation will write.

    The first answer is kept as a version. Raises NothingToAnswer, AnswerUnderway.
    """
    now = now or timezone.now()
    if answer.parent_id is None:
        raise NothingToAnswer("This answer has no question. Ask in a new message instead.")
    another = Message(role=Message.Role.ASSISTANT, status=Status.STREAMING)
    _add_version(answer, [another], now=now)
    return another


@transaction.atomic
def edit_message(message: Message, content: str, *, now: datetime | None = None) -> Exchange:
    """Store an edited version of a learner's message, and the row of its answer.

    The first version is kept with all messages that follow it. Raises MessageError,
    AnswerUnderway.
    """
    now = now or timezone.now()
    edited = Message(role=Message.Role.USER, content=check_content(content))
    answer = Message(role=Message.Role.ASSISTANT, status=Status.STREAMING)
    _add_version(message, [edited, answer], now=now)
    return Exchange(edited, answer)


def _add_version(message: Message, messages: list[Message], *, now: datetime) -> None:
    conversation = message.conversation
    lock_conversation(conversation, now=now)
    parent = None
    if message.parent_id is not None:
        parent = Message.objects.only("id", "position").get(id=message.parent_id)
    end = BranchEnd(conversation, parent)
    add_messages(end, messages, now=now, version=branches.next_version(message))


@transaction.atomic
def open_branch(message: Message) -> Message:
    """Open the newest branch that contains a message, and return its leaf."""
    conversation = Conversation.objects.select_for_update().get(id=message.conversation_id)
    leaf = branches.leaf_through(conversation, message.id) or message
    Conversation.objects.filter(id=conversation.id).update(leaf=leaf)
    return leaf


@transaction.atomic
def fork(message: Message, *, owner: User, now: datetime | None = None) -> Conversation:
    """Create a conversation with copies of a message and all messages before it on its branch.

    Cards stay with the messages they were made from. Raises StillBeingWritten.
    """
    now = now or timezone.now()
    origin = message.conversation
    before = branches.path(message.id).only(*_COPIED).order_by("position")
    copies = [Message(**{name: getattr(original, name) for name in _COPIED}) for original in before]
    if copies[-1].is_being_written:
        raise StillBeingWritten(
            "This answer is still being written. Wait for it or stop it, then fork from here."
        )
    conversation = Conversation.objects.create(
        owner=owner,
        title=origin.title[:TITLE_MAX_CHARACTERS],
        created_at=now,
        updated_at=now,
        forked_from=message,
    )
    branches.add_in_order(conversation, copies)
    for seed in Seed.objects.filter(conversation=origin):
        Seed.objects.create(
            conversation=conversation, title=seed.title, text=seed.text, links=seed.links
        )
    _copy_summaries(message, copies)
    return conversation


def _copy_summaries(message: Message, copies: list[Message]) -> None:
    """Give the copies the summaries of the messages that they are copies of."""
    at = {copy.position: copy for copy in copies}
    summaries = Summary.objects.filter(until__in=branches.path(message.id)).select_related("until")
    Summary.objects.bulk_create(
        Summary(
            until=at[each.until.position],
            text=each.text,
            provider=each.provider,
            model=each.model,
            created_at=each.created_at,
        )
        for each in summaries.defer("until__content")
    )
