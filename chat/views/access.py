"""Get what belongs to the learner who asks; a stranger's is as absent as one that never was."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from accounts.models import User
from chat.models import Conversation, Message
from chat.services import conversations_for_owner, messages_for_owner


def get_conversation(owner: User, conversation_id: UUID) -> Conversation:
    return get_object_or_404(conversations_for_owner(owner), id=conversation_id)


def get_message(owner: User, message_id: UUID) -> Message:
    return get_object_or_404(messages_for_owner(owner), id=message_id)


def get_answer(owner: User, message_id: UUID) -> Message:
    answers = messages_for_owner(owner).filter(role=Message.Role.ASSISTANT)
    return get_object_or_404(answers, id=message_id)
