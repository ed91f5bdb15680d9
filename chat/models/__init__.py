"""ORM rows of the chat."""

from chat.models.conversations import (
    MESSAGE_MAX_CHARACTERS,
    TITLE_MAX_CHARACTERS,
    Conversation,
    Message,
)
from chat.models.recorded import AnswerContext, Instructions, Seed, Summary
from chat.models.search import MessageVector, SearchWord, ServingModel

__all__ = [
    "MESSAGE_MAX_CHARACTERS",
    "TITLE_MAX_CHARACTERS",
    "AnswerContext",
    "Conversation",
    "Instructions",
    "Message",
    "MessageVector",
    "SearchWord",
    "Seed",
    "ServingModel",
    "Summary",
]
