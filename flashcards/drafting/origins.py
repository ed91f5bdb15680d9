"""Origins: the texts that cards are made from.

A message, a document, a passage of either, or a card to split.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from accounts.models import User
from chat.conversations.conversations import messages_for_owner
from chat.models import Message
from flashcards.cards.cards import get_card
from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard, Source, text_hash
from flashcards.models import Document, DraftBatch

# How much of a long text a page shows: around a passage, else its beginning.
AROUND_CHARACTERS = 2_000
SHOWN_CHARACTERS = 60_000


class NoOrigin(LookupError):
    """There is no such text of this learner, or no such passage in it."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """A text to make cards from: the passage from `start` to `end`, or all of it without them."""

    text: str
    title: str
    message: Message | None = None
    document: Document | None = None
    card: Flashcard | None = None
    start: int | None = None
    end: int | None = None

    @property
    def id(self) -> UUID:
        found = self.message or self.document or self.card
        assert found is not None  # noqa: S101 - each way in gives one of them
        return found.id

    @property
    def passage(self) -> str:
        return self.text[self.start : self.end]

    @property
    def offset(self) -> int:
        return self.start or 0

    @property
    def window(self) -> str:
        """Return the text that a page shows: the passage and some text around it."""
        if self.is_part and self.end is not None:
            return self.text[self.window_start : self.end + AROUND_CHARACTERS]
        return self.text[:SHOWN_CHARACTERS]

    @property
    def window_start(self) -> int:
        return max(0, self.offset - AROUND_CHARACTERS)

    @property
    def is_cut(self) -> bool:
        """Tell whether a page leaves some of the text out."""
        return len(self.window) < len(self.text)

    @property
    def is_part(self) -> bool:
        return self.start is not None

    @property
    def is_split(self) -> bool:
        return self.card is not None

    @property
    def is_being_written(self) -> bool:
        return self.message is not None and self.message.status == Message.Status.STREAMING

    @property
    def provider(self) -> str:
        """Return who wrote the text, where a model did."""
        is_answer = self.message is not None and self.message.role == Message.Role.ASSISTANT
        return self.message.provider if self.message is not None and is_answer else ""

    @property
    def batch_fields(self) -> dict[str, object]:
        """Return the fields of a batch of drafts from this text."""
        return {
            "message": self.message,
            "document": self.document,
            "card_id": self.card.id if self.card else None,
            "span_start": self.start,
            "span_end": self.end,
        }

    def source(self, start: int | None, end: int | None) -> Source:
        """Return the source of a card that is made from these words of the whole text."""
        if self.card is not None:
            card = self.card
            return Source(
                message_id=card.message_id,
                document_id=card.document_id,
                start=card.source_start,
                end=card.source_end,
                hash=card.source_hash,
            )
        words = self.text[start:end] if start is not None and end is not None else ""
        return Source(
            message_id=self.message.id if self.message else None,
            document_id=self.document.id if self.document else None,
            start=start,
            end=end,
            hash=text_hash(words) if words else "",
        )

    def part(self, start: int | None, end: int | None) -> "Origin":
        """Return a passage of the text. Raises NoOrigin if there is no such passage."""
        if start is None and end is None:
            return self
        if self.is_split or start is None or end is None or not 0 <= start < end <= len(self.text):
            raise NoOrigin
        if (start, end) == (0, len(self.text)):
            return self
        return replace(self, start=start, end=end)


def of_message(message: Message) -> Origin:
    return Origin(text=message.content, title=message.conversation.title, message=message)


def of_document(document: Document) -> Origin:
    return Origin(text=document.text, title=document.name, document=document)


def of_card(card: Flashcard) -> Origin:
    """Return a card as a text of its own: both sides, and the note below them."""
    sides = (card.question, card.answer, card.extra)
    return Origin(
        text="\n\n".join(side for side in sides if side.strip()),
        title=card_sides.summary(card),
        card=card,
    )


def find(
    user: User, origin_id: UUID, *, start: int | None = None, end: int | None = None
) -> Origin:
    """Return a text of the learner by its id; one to three queries. Raises NoOrigin."""
    message = messages_for_owner(user).filter(id=origin_id).first()
    if message is not None:
        return of_message(message).part(start, end)
    document = Document.objects.filter(owner=user, id=origin_id, deleted_at=None).first()
    if document is not None:
        return of_document(document).part(start, end)
    try:
        card = get_card(owner_id=user.pk, card_id=origin_id)
    except Flashcard.DoesNotExist:
        raise NoOrigin from None
    return of_card(card).part(start, end)


def of_batch(user: User, batch: DraftBatch) -> Origin:
    """Return the text of a batch. Raises NoOrigin if it was deleted."""
    return find(user, batch.origin_id, start=batch.span_start, end=batch.span_end)
