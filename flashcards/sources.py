"""Where a card came from: the words in a message, with a little of what is around them."""

import re
from dataclasses import dataclass

from django.urls import reverse

import chat.services
from accounts.models import User
from chat.models import Message
from flashcards.records import Flashcard, text_hash

# Without offsets, or with words that were lost, this much of the message's beginning is shown.
EXCERPT_CHARACTERS = 400
AROUND_CHARACTERS = 160
_SIGNS = re.compile(r"\*\*|__|`|^#{1,6} |^\|[-:| ]+\|$\n?", re.MULTILINE)


@dataclass(frozen=True)
class SourceWords:
    """The words themselves and what surrounds them; `url` leads to the message."""

    before: str
    words: str
    after: str
    url: str
    title: str
    provider: str


def source_of(user: User, card: Flashcard) -> SourceWords | None:
    """Return where a card came from; None for a card by hand or when the message is gone."""
    if card.message_id is None:
        return None
    messages = chat.services.messages_for_owner(user)
    message = messages.filter(id=card.message_id).first()
    if message is None:
        return None
    content = message.content
    start, end = card.source_start, card.source_end
    if start is None or end is None or not 0 <= start < end <= len(content):
        return _build(message, "", content[:EXCERPT_CHARACTERS], content[EXCERPT_CHARACTERS:])
    words = content[start:end]
    if card.source_hash and text_hash(words) != card.source_hash:
        return _build(message, "", content[:EXCERPT_CHARACTERS], content[EXCERPT_CHARACTERS:])
    return _build(message, content[:start], words, content[end:])


def _build(message: Message, before: str, words: str, after: str) -> SourceWords:
    lead, tail = before[-AROUND_CHARACTERS:], after[:AROUND_CHARACTERS]
    # Whole words only.
    if len(lead) < len(before):
        lead = lead.partition(" ")[2]
    if len(tail) < len(after):
        tail = tail.rpartition(" ")[0]
    return SourceWords(
        before=("…" if len(lead) < len(before) else "") + _plain(lead),
        words=_plain(words),
        after=_plain(tail) + ("…" if len(tail) < len(after) else ""),
        url=reverse("chat:message", args=[message.id]),
        title=message.conversation.title,
        provider=message.provider,
    )


def _plain(text: str) -> str:
    """Return a piece of Markdown without the commonest signs; a piece cannot be rendered."""
    return _SIGNS.sub("", text)
