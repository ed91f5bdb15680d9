"""Extensions: what a message may be sent for besides an answer.

Apps above the chat register these from AppConfig.ready. What they show on the chat's pages fills
the slots chat.composer, chat.message, chat.home, chat.conversation,
chat.conversation_menu and chat.keys
(memoryloop.web.slots).
"""

from collections.abc import Callable
from dataclasses import dataclass

from chat.models import Message


@dataclass(frozen=True)
class SendAction:
    """Something to do with a message that is sent, instead of having it answered."""

    # The value of the button "action" that sends it.
    value: str
    # Raises MessageError for a text that is not fit for it.
    check: Callable[[str], None]
    # Returns the page to go to once the message is stored.
    url: Callable[[Message], str]


_actions: dict[str, SendAction] = {}


def register(action: SendAction) -> None:
    """Add an action, in place of one with the same value."""
    _actions[action.value] = action


def find(value: str) -> SendAction | None:
    """Return the action that a button sends a message for; None for an answer."""
    return _actions.get(value)


def values() -> list[str]:
    return list(_actions)
