"""Conversations about something else in MemoryLoop, such as a card: the chat stores its text and
links back to it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat.answers import generation
from chat.conversations.conversations import ask, title_from
from chat.models import Conversation, Seed
from chat.recall import lookup as lookups

TITLE_CHARACTERS = 160


@dataclass(frozen=True)
class Link:
    """A link from the conversation to a page of this site."""

    label: str
    url: str
    icon: str


@transaction.atomic
def open_conversation(
    owner: User,
    content: str,
    *,
    title: str,
    text: str,
    links: Callable[[Conversation], Sequence[Link]],
) -> Conversation:
    """Begin a conversation about something with the learner's first message, and have it answered.

    `text` is sent to the tutor with each message. `links` returns the links to show; it gets the
    new conversation, so that pages can link back to it. Raises MessageError.
    """
    lookup = lookups.start(owner_id=owner.pk, text=content, now=timezone.now())
    exchange = ask(owner, content)
    conversation = exchange.message.conversation
    conversation.title = title_from(title)
    conversation.save(update_fields=["title"])
    Seed.objects.create(
        conversation=conversation,
        title=title[:TITLE_CHARACTERS],
        text=text.replace("\0", ""),
        links=[asdict(link) for link in links(conversation)],
    )
    generation.start_on_commit(exchange.answer, owner, lookup=lookup)
    return conversation
