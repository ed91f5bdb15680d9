"""Conversations opened about something, a card say: chat knows its words and the ways back."""

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
    """A way from the conversation to something else: an address within this site."""

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
    """Begin a conversation about something, with the learner's first message, and have it answered.

    `text` is what the tutor is told of it, besides what is said; `links` may lead back to the new
    conversation. Raises MessageError.
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
