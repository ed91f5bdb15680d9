"""Access: the conversations and messages of the logged-in learner; 404 for everybody else's."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from accounts.models import User
from chat.conversations.conversations import conversations_for_owner, messages_for_owner
from chat.models import Conversation, Message


def get_conversation(owner: User, conversation_id: UUID) -> Conversation:
    """Return the conversation with its leaf and its seed. One SQL query."""
    owned = conversations_for_owner(owner).select_related("leaf", "seed")
    return get_object_or_404(
        owned.defer("leaf__content", "leaf__earlier_content"),
        id=conversation_id,
    )


def get_conversation_alone(owner: User, conversation_id: UUID) -> Conversation:
    """Return the conversation without its leaf, which is read when it is locked. One SQL query."""
    return get_object_or_404(conversations_for_owner(owner), id=conversation_id)


def get_message(owner: User, message_id: UUID) -> Message:
    return get_object_or_404(messages_for_owner(owner), id=message_id)


def get_answer(owner: User, message_id: UUID) -> Message:
    answers = messages_for_owner(owner).filter(role=Message.Role.ASSISTANT)
    return get_object_or_404(answers, id=message_id)


def get_question(owner: User, message_id: UUID) -> Message:
    """Return a message that the learner wrote."""
    questions = messages_for_owner(owner).filter(role=Message.Role.USER)
    return get_object_or_404(questions, id=message_id)
