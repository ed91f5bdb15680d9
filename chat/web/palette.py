"""The chat in the palette: its page, conversations and messages."""

import uuid

from django.urls import reverse

from chat.recall import hits, message_search
from memoryloop.web.palette import PaletteItem, PalettePage
from memoryloop.words import unspaced

PAGES = (
    PalettePage("Chat", "chat:home", "chat", "ask question tutor new conversation start home"),
    PalettePage("Conversations", "chat:conversations", "chat", "chats history messages all list"),
    PalettePage("Search messages", "chat:search", "search", "find conversations chats"),
    PalettePage("Archived conversations", "chat:archived", "archive", "archive chats hidden"),
)

# A message on one line of the palette.
SNIPPET_CHARACTERS = 90
# Shorter texts match nearly everything, except where a letter is a word.
FEWEST_LETTERS = 3
# Of those that do not contain what was typed: the cards have their place, too.
NEAR_MOST = 3


def find_conversations(*, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
    """Return this owner's conversations whose titles have all the words, the newest first."""
    return [
        PaletteItem(
            "Conversations",
            conversation.title,
            reverse("chat:conversation", args=[conversation.id]),
            "chat",
        )
        for conversation in message_search.named(owner_id=owner_id, text=text, limit=limit)
    ]


def find_messages(*, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
    """Return this owner's messages by words and meaning; none for a very short text."""
    if len(text.strip()) < FEWEST_LETTERS and not unspaced(text):
        return []
    found = message_search.search(owner_id=owner_id, text=text, limit=limit, farthest=1.0)
    # A conversation that is listed by its title is not listed again by its first message.
    named = {conversation.id for conversation in found.conversations}
    return [
        PaletteItem(
            "Messages",
            _line(hit.snippet),
            reverse("chat:message", args=[hit.message.id]),
            "search",
            " · ".join(filter(None, (hit.why, hit.message.conversation.title))),
        )
        for hit in [*found.with_words, *found.near[:NEAR_MOST]]
        if hit.message.position or hit.message.conversation_id not in named
    ]


def _line(snippet: str) -> str:
    """Return the snippet as plain text, beginning near the first word found."""
    first = snippet.find(hits.OPEN)
    start = snippet.rfind(" ", 0, max(0, first - 24)) + 1 if first > SNIPPET_CHARACTERS // 2 else 0
    line = snippet[start:].replace(hits.OPEN, "").replace(hits.CLOSE, "")
    if len(line) > SNIPPET_CHARACTERS:
        line = line[:SNIPPET_CHARACTERS].rsplit(" ", 1)[0] + "…"
    return ("…" if start else "") + line
