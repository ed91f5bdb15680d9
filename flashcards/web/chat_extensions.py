"""What the flashcards add to the chat's pages: making cards from messages, passages and files."""

from django.urls import reverse

from chat.conversations.conversations import MessageError
from chat.models import Message
from chat.web import extensions
from memoryloop.web import slots
from memoryloop.words import count_words

# A text with fewer words than this makes no cards worth keeping.
MIN_WORDS = 20


class TooFewWords(MessageError):
    pass


def check_words(content: str) -> None:
    """Raises TooFewWords."""
    words = count_words(content)
    if words < MIN_WORDS:
        raise TooFewWords(
            f"Cards are made from a text: this has {words} "
            f"{'word' if words == 1 else 'words'}, and at least {MIN_WORDS} are needed. "
            "Paste more, or ask about it instead."
        )


def drafts_url(message: Message) -> str:
    """Return the page that drafts cards from a message."""
    return reverse("flashcards:make", args=[message.id])


def register() -> None:
    """Add all of it to the chat. Called from AppConfig.ready."""
    extensions.register(extensions.SendAction("cards", check=check_words, url=drafts_url))
    slots.fill("chat.composer", "flashcards/drafts/_make_button.html")
    slots.fill("chat.message", "flashcards/drafts/_make_link.html")
    slots.fill("chat.home", "flashcards/drafts/_from_file.html")
    slots.fill("chat.first", "flashcards/tour/_first.html")
    slots.fill("chat.conversation", "flashcards/drafts/_selection.html")
    slots.fill("chat.conversation", "flashcards/drafts/_from_file.html")
    slots.fill("chat.conversation_menu", "flashcards/insight/_coverage_link.html")
    slots.fill("chat.keys", "flashcards/drafts/_selection_keys.html")
