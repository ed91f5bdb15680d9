"""Conversations and messages: reading, creating and changing them, always for one owner."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone

from accounts.models import User
from chat.conversations import branches, jobs
from chat.models import MESSAGE_MAX_CHARACTERS, TITLE_MAX_CHARACTERS, Conversation, Message
from memoryloop.errors import UserError

# An answer whose `updated_at` is older than this has lost its generation.
HEARTBEAT_TIMEOUT = timedelta(seconds=15)
INTERRUPTED_SENTENCE = (
    "The server stopped while this answer was being written. The text so far is kept; "
    "press Retry to write it again."
)

# The text of an attempt, or of the attempt before if this one has none.
KEPT_CONTENT = Case(When(content="", then=F("earlier_content")), default=F("content"))

Status = Message.Status


class MessageError(UserError):
    """A message that is refused."""


class EmptyMessage(MessageError):
    pass


class MessageTooLong(MessageError):
    pass


class AnswerUnderway(MessageError):
    """An answer is being written in this conversation."""


class NotTheLastAnswer(MessageError):
    """An answer that cannot be retried, because the conversation goes on after it."""


@dataclass(frozen=True)
class Exchange:
    """A learner's message and the answer that is to be written to it."""

    message: Message
    answer: Message


def conversations_for_owner(owner: User) -> "QuerySet[Conversation]":
    """Return the owner's conversations, the most recent first, without deleted ones."""
    return Conversation.objects.filter(owner=owner, deleted_at=None)


def messages_for_owner(owner: User) -> "QuerySet[Message]":
    """Return the owner's messages, without those of deleted conversations."""
    return Message.objects.filter(
        conversation__owner=owner, conversation__deleted_at=None
    ).select_related("conversation")


def get_message(owner: User, message_id: UUID) -> Message:
    """Raises Message.DoesNotExist, also for somebody else's."""
    return messages_for_owner(owner).get(id=message_id)


def check_content(content: str) -> str:
    """Return what is to be stored. Raises EmptyMessage or MessageTooLong."""
    content = content.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if not content.strip():
        raise EmptyMessage("There is nothing to send yet. Type a question or paste a text.")
    if len(content) > MESSAGE_MAX_CHARACTERS:
        raise MessageTooLong(
            f"This is {len(content):,} characters long and a message can have up to "
            f"{MESSAGE_MAX_CHARACTERS:,}. Shorten it, or send it in parts."
        )
    return content


@transaction.atomic
def start_conversation(owner: User, content: str, *, now: datetime | None = None) -> Message:
    """Create a conversation with its first message. Raises MessageError."""
    content = check_content(content)
    now = now or timezone.now()
    message = Message(role=Message.Role.USER, content=content, position=0)
    _create_conversation(owner, [message], now=now)
    return message


@transaction.atomic
def append_message(
    conversation: Conversation,
    content: str,
    *,
    role: str = Message.Role.USER,
    provider: str = "",
    model: str = "",
    after: UUID | None = None,
    now: datetime | None = None,
) -> Message:
    """Add a finished message at the end of the branch through `after`, which becomes the open one.

    Raises MessageError, AnswerUnderway while an answer is being written.
    """
    now = now or timezone.now()
    if role == Message.Role.USER:
        content = check_content(content)
    message = Message(role=role, content=content, provider=provider, model=model)
    end = lock_conversation(conversation, after=after, now=now)
    add_messages(end, [message], now=now)
    return message


@transaction.atomic
def ask(
    owner: User,
    content: str,
    *,
    conversation: Conversation | None = None,
    after: UUID | None = None,
    now: datetime | None = None,
) -> Exchange:
    """Store a learner's message and the row of its answer, which a generation will write.

    They are added at the end of the branch through `after`, or of the open one.
    Raises MessageError; AnswerUnderway while another answer is being written.
    """
    now = now or timezone.now()
    message = Message(role=Message.Role.USER, content=check_content(content), position=0)
    answer = Message(role=Message.Role.ASSISTANT, status=Status.STREAMING)
    if conversation is None:
        _create_conversation(owner, [message, answer], now=now)
    else:
        end = lock_conversation(conversation, after=after, now=now)
        add_messages(end, [message, answer], now=now)
    return Exchange(message, answer)


@dataclass(frozen=True)
class BranchEnd:
    """Where new messages are added: after the leaf of a branch, None in an empty conversation."""

    conversation: Conversation
    leaf: Message | None


def lock_conversation(
    conversation: Conversation, *, now: datetime, after: UUID | None = None
) -> BranchEnd:
    """Lock a conversation until the transaction ends; return the end of the branch through `after`.

    Raises AnswerUnderway; Conversation.DoesNotExist if it was deleted for good meanwhile.
    """
    # Separate statements: one that waits for a lock sees other rows as they were when it began.
    conversation.refresh_from_db(
        fields=["leaf"], from_queryset=Conversation.objects.select_for_update()
    )
    leaf_or_writing = Q(id=conversation.leaf_id) | Q(status=Status.STREAMING)
    messages = conversation.messages.filter(leaf_or_writing)
    for message in messages.only("conversation", "position", "status"):
        if message.is_being_written and not mark_interrupted(
            Message.objects.filter(id=message.id), now=now
        ):
            raise AnswerUnderway(
                "An answer is still being written. Wait for it or stop it, then send this."
            )
        if message.id == conversation.leaf_id:
            conversation.leaf = message
    return BranchEnd(conversation, branches.leaf_through(conversation, after))


def add_messages(
    end: BranchEnd, messages: Sequence[Message], *, now: datetime, version: int = 1
) -> None:
    """Store messages at the end of a branch, each after the one before, and open that branch.

    Within the transaction that locked the conversation. Two SQL statements, three without an
    answer to be written.
    """
    conversation, parent = end.conversation, end.leaf
    position = parent.position + 1 if parent else 0
    for message in messages:
        message.conversation, message.parent = conversation, parent
        message.position, message.created_at, message.updated_at = position, now, now
        parent, position = message, position + 1
    messages[0].version = version
    _store(messages)
    conversation.leaf, conversation.updated_at = messages[-1], now
    # A new message takes the conversation out of the archive.
    conversation.archived_at = None
    conversation.save(update_fields=["leaf", "updated_at", "archived_at"])


def _create_conversation(owner: User, messages: Sequence[Message], *, now: datetime) -> None:
    conversation = Conversation(
        owner=owner, title=title_from(messages[0].content), created_at=now, updated_at=now
    )
    # The constraint is checked when the transaction commits; the message is there by then.
    conversation.leaf_id = messages[-1].id
    conversation.save(force_insert=True)
    parent: Message | None = None
    for position, message in enumerate(messages):
        message.conversation, message.parent, message.position = conversation, parent, position
        message.created_at = message.updated_at = now
        parent = message
    _store(messages)


def _store(messages: Sequence[Message]) -> None:
    Message.objects.bulk_create(messages)
    # A question is embedded together with its answer, once that is written.
    if not messages[-1].is_being_written:
        jobs.request_embedding(*(message.id for message in messages))


@transaction.atomic
def retry_answer(answer: Message, *, now: datetime | None = None) -> None:
    """Reset an answer so that it can be written again, and open its branch.

    The text of the first attempt is restored if the second one brings none. `retry_at` stays, for
    the second one to wait.
    Raises NotTheLastAnswer, AnswerUnderway.
    """
    now = now or timezone.now()
    _lock_answer(answer)
    if not answer.can_be_retried or answer.replies.exists():
        raise NotTheLastAnswer(
            "The conversation has moved on since. Ask again in a new message instead."
        )
    _check_nothing_is_written(answer, now=now)
    _begin_attempt(
        answer,
        now=now,
        content="",
        earlier_content=answer.content or answer.earlier_content,
        provider="",
        model="",
    )


@transaction.atomic
def continue_answer(answer: Message, *, now: datetime | None = None) -> None:
    """Reset an answer that was cut off so that it can be written on, and open its branch.

    Raises NotTheLastAnswer, AnswerUnderway.
    """
    now = now or timezone.now()
    _lock_answer(answer)
    if not answer.can_be_continued or answer.replies.exists():
        raise NotTheLastAnswer(
            "This answer cannot be continued any more. Ask to go on in a new message instead."
        )
    _check_nothing_is_written(answer, now=now)
    _begin_attempt(answer, now=now, earlier_content=answer.content)


def _lock_answer(answer: Message) -> None:
    """Lock the conversation and read the answer within the lock. Raises AnswerUnderway."""
    Conversation.objects.select_for_update().get(id=answer.conversation_id)
    fields = ["status", "error", "content", "earlier_content", "provider"]
    answer.refresh_from_db(fields=fields)
    if answer.is_being_written:
        raise AnswerUnderway("This answer is already being written again.")


def _check_nothing_is_written(answer: Message, *, now: datetime) -> None:
    """Raise AnswerUnderway while another answer of the conversation is being written."""
    writing = answer.conversation.messages.filter(status=Status.STREAMING)
    if writing.exists() and not mark_interrupted(writing, now=now):
        raise AnswerUnderway("Another answer is being written. Wait for it or stop it first.")


def _begin_attempt(answer: Message, *, now: datetime, **fields: object) -> None:
    """Have the row wait for a generation. Within the transaction that locked its conversation."""
    Message.objects.filter(id=answer.id).update(
        status=Status.STREAMING,
        error="",
        error_kind="",
        created_at=now,
        updated_at=now,
        **fields,
    )
    Conversation.objects.filter(id=answer.conversation_id).update(leaf=answer.id)
    answer.refresh_from_db()


def stop_answer(answer: Message, *, now: datetime | None = None) -> bool:
    """Mark an answer as stopped. Its generation, in whichever process, ends and keeps the text."""
    return bool(
        Message.objects.filter(id=answer.id, status=Status.STREAMING).update(
            status=Status.STOPPED, content=KEPT_CONTENT, updated_at=now or timezone.now()
        )
    )


def mark_interrupted(answers: "QuerySet[Message]", *, now: datetime | None = None) -> int:
    """Mark the answers that lost their generation. Return how many. One SQL statement."""
    now = now or timezone.now()
    return answers.filter(status=Status.STREAMING, updated_at__lt=now - HEARTBEAT_TIMEOUT).update(
        status=Status.INTERRUPTED,
        error_kind=Message.ErrorKind.BROKEN,
        error=INTERRUPTED_SENTENCE,
        content=KEPT_CONTENT,
        updated_at=now,
    )


def mark_cards_made(message: Message, now: datetime) -> None:
    """Record that cards were made from a message, in the transaction that creates them."""
    message.cards_made_at = now
    message.save(update_fields=["cards_made_at"])


def rename_conversation(conversation: Conversation, title: str) -> None:
    """Raises EmptyMessage for a blank title. A long one is cut."""
    title = " ".join(title.split())
    if not title:
        raise EmptyMessage("A conversation needs a title.")
    conversation.title = _cut(title)
    conversation.title_by = Conversation.TitleBy.LEARNER
    conversation.save(update_fields=["title", "title_by"])


def delete_conversation(conversation: Conversation, *, now: datetime | None = None) -> None:
    """Delete a conversation. It can be restored until the worker purges it."""
    now = now or timezone.now()
    conversation.messages.filter(status=Status.STREAMING).update(
        status=Status.STOPPED, updated_at=now
    )
    conversation.deleted_at = now
    conversation.save(update_fields=["deleted_at"])


def restore_conversation(conversation: Conversation) -> None:
    conversation.deleted_at = None
    conversation.save(update_fields=["deleted_at"])


def title_from(content: str, default: str = "Conversation") -> str:
    """Return the first words of a text, at most 50 characters, without Markdown's signs."""
    for line in content.splitlines():
        line = re.sub(r"^[\s#>*+`~|-]+", "", line)
        # An underscore within a word is part of it.
        title = " ".join(re.sub(r"[*`]+|(?<!\w)_+|_+(?!\w)", "", line).split())
        if title:
            return _cut(title)
    return default


def _cut(title: str) -> str:
    if len(title) <= TITLE_MAX_CHARACTERS:
        return title
    cut = title[: TITLE_MAX_CHARACTERS - 1]
    words = cut if title[len(cut)] == " " else cut.rsplit(" ", 1)[0]
    # A single long word is cut inside; else after the last whole one.
    kept = words if len(words) > TITLE_MAX_CHARACTERS // 2 else cut
    return kept.rstrip(" ,;:.-") + "…"
