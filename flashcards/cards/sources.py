"""Sources: the words of a message or a document that a card was made from, and some around them."""

import re
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from chat.conversations.conversations import messages_for_owner
from chat.models import Message
from flashcards.domain.records import Flashcard, text_hash
from flashcards.models import Document
from memoryloop.markup import without_tags

# So much of the text's beginning is shown where the words are not at their offsets.
EXCERPT_CHARACTERS = 400
AROUND_CHARACTERS = 160
_SIGNS = re.compile(r"\*\*|(?<!_)__(?!_)|`|^#{1,6} |^\|[-:| ]+\|$\n?", re.MULTILINE)


@dataclass(frozen=True)
class SourceWords:
    """The words of a source and what surrounds them, in a message or else in a document."""

    before: str
    words: str
    after: str
    title: str
    message_id: UUID | None = None
    document_id: UUID | None = None
    # Where the words are in the document.
    start: int | None = None
    end: int | None = None
    # Of a document with pages, the one that the words are on.
    page: int | None = None
    # Who wrote the message, where a model did.
    provider: str = ""


def source_of(user: User, card: Flashcard) -> SourceWords | None:
    """Return the source of a card; None for a card without one or when the text was deleted.

    One SQL query, if any.
    """
    if card.message_id is not None:
        messages = messages_for_owner(user)
        message = messages.filter(id=card.message_id).first()
        return _of_message(card, message) if message is not None else None
    if card.document_id is not None:
        documents = Document.objects.filter(owner=user, deleted_at=None)
        document = documents.filter(id=card.document_id).first()
        return _of_document(card, document) if document is not None else None
    return None


def _of_message(card: Flashcard, message: Message) -> SourceWords:
    before, words, after = _cut(card, message.content)
    return SourceWords(
        before=before,
        words=words,
        after=after,
        title=message.conversation.title,
        message_id=message.id,
        provider=message.provider,
    )


def _of_document(card: Flashcard, document: Document) -> SourceWords:
    before, words, after = _cut(card, document.text)
    placed = card.source_start is not None and card.source_end is not None
    return SourceWords(
        before=before,
        words=words,
        after=after,
        title=document.name,
        document_id=document.id,
        start=card.source_start if placed else None,
        end=card.source_end if placed else None,
        page=document.page_of(card.source_start) if card.source_start is not None else None,
    )


def _cut(card: Flashcard, text: str) -> tuple[str, str, str]:
    """Return what is before the card's words, the words, and what is after them."""
    start, end = card.source_start, card.source_end
    if start is None or end is None or not 0 <= start < end <= len(text):
        return _around("", text[:EXCERPT_CHARACTERS], text[EXCERPT_CHARACTERS:])
    words = text[start:end]
    if card.source_hash and text_hash(words) != card.source_hash:
        return _around("", text[:EXCERPT_CHARACTERS], text[EXCERPT_CHARACTERS:])
    return _around(text[:start], words, text[end:])


def _around(before: str, words: str, after: str) -> tuple[str, str, str]:
    lead, tail = before[-AROUND_CHARACTERS:], after[:AROUND_CHARACTERS]
    # Whole words only.
    if len(lead) < len(before):
        lead = lead.partition(" ")[2]
    if len(tail) < len(after):
        tail = tail.rpartition(" ")[0]
    return (
        ("…" if len(lead) < len(before) else "") + _plain(lead),
        _plain(words),
        _plain(tail) + ("…" if len(tail) < len(after) else ""),
    )


def _plain(text: str) -> str:
    """Return a piece of Markdown without the commonest markup: a piece cannot be rendered."""
    return _SIGNS.sub("", without_tags(text))
