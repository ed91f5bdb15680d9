"""A question, stored in one round trip: with what its answer is to be told, and by whom.

The first words of an answer wait for all of this. What is usual is said in one message to
PostgreSQL, which is a transaction of its own: it has committed when the answer to it is there.
Whatever else there may be (another branch, an answer that is still being written) is left to
chat.conversations.conversations.ask.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts.models import User
from accounts.provider_queries import endpoint_question, key_question
from accounts.services import provider_known
from chat.conversations.conversations import Exchange, ask, check_content
from chat.models import Conversation, Message
from chat.recall import prompts
from memoryloop.llm import Provider
from memoryloop.postgres.pipeline import Question, Rows, ask_all

_FIELDS = [field.attname for field in Conversation._meta.concrete_fields]
# A statement of its own: what is read must be read after the lock was granted.
_LOCK = f"""
SELECT {", ".join(_FIELDS)} FROM chat_conversation
WHERE id = %s AND owner_id = %s AND deleted_at IS NULL FOR UPDATE
"""  # noqa: S608 - constants
_SAY = """
WITH leaf AS (
    SELECT m.id, m.position FROM chat_conversation c JOIN chat_message m ON m.id = c.leaf_id
    WHERE c.id = %s AND c.owner_id = %s AND c.deleted_at IS NULL AND m.id = COALESCE(%s::uuid, m.id)
      AND NOT EXISTS (
          SELECT FROM chat_message WHERE conversation_id = c.id AND status = 'streaming'
      )
), said AS (
    INSERT INTO chat_message (
        id, conversation_id, parent_id, position, role, content, status, created_at, updated_at,
        version, earlier_content, error, error_kind, provider, model, embedding_model
    )
    SELECT new.id, %s, COALESCE(new.parent, leaf.id), leaf.position + number, role, content, status,
           %s, %s, 1, '', '', '', '', '', ''
    FROM leaf, (VALUES
        (1, %s::uuid, NULL::uuid, 'user', %s, 'complete'),
        (2, %s::uuid, %s::uuid, 'assistant', '', 'streaming')
    ) new (number, id, parent, role, content, status)
    RETURNING id
), spoken AS (
    UPDATE chat_conversation SET leaf_id = %s, updated_at = %s, archived_at = NULL
    WHERE id = %s AND EXISTS (SELECT FROM said)
)
SELECT id, position FROM leaf
"""


@dataclass(frozen=True)
class Ready:
    """What an answer is made with, as far as it was read when the question was stored."""

    before: prompts.Before
    # None where it must be looked for first.
    provider: Provider | None


@dataclass(frozen=True)
class Said:
    conversation: Conversation
    exchange: Exchange
    ready: Ready | None = None


def say(
    owner: User, content: str, *, conversation_id: UUID, after: UUID | None, now: datetime
) -> Said:
    """Store a learner's message and the row of the answer, as `conversations.ask` does.

    Outside a transaction it has committed on return. One SQL query; more where something is
    unusual. Raises Conversation.DoesNotExist, also for somebody else's; MessageError;
    AnswerUnderway while another answer is being written.
    """
    content = check_content(content)
    role, status = Message.Role, Message.Status
    dates = {"created_at": now, "updated_at": now}
    message = Message(role=role.USER, content=content, **dates)
    answer = Message(role=role.ASSISTANT, status=status.STREAMING, **dates)
    said = Question(
        _SAY,
        [
            *(conversation_id, owner.pk, after, conversation_id, now, now),
            *(message.id, content, answer.id, message.id),
            *(answer.id, now, conversation_id),
        ],
        lambda rows: rows[0] if rows else None,
    )
    conversation, leaf, about, newest, key, endpoint = ask_all(
        Question(_LOCK, [conversation_id, owner.pk], _conversation),
        said,
        prompts.about_question(owner.pk, conversation_id),
        prompts.newest_question(message.id),
        key_question(owner),
        endpoint_question(owner),
    )
    if conversation is None:
        raise Conversation.DoesNotExist
    if leaf is None:
        exchange = ask(owner, content, conversation=conversation, after=after, now=now)
        return Said(conversation, exchange)
    message.parent_id, message.position = leaf[0], leaf[1] + 1
    answer.parent, answer.position = message, message.position + 1
    for each in (message, answer):
        each.conversation, each._state.adding = conversation, False
    conversation.leaf, conversation.updated_at, conversation.archived_at = answer, now, None
    return Said(
        conversation,
        Exchange(message, answer),
        Ready(prompts.before(answer, about, newest), provider_known(key, endpoint)),
    )


def _conversation(rows: Rows) -> Conversation | None:
    return Conversation.from_db(connection.alias, _FIELDS, rows[0]) if rows else None
