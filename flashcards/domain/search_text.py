"""The text of a card that searches look into: its words, without markup between letters."""

import re

from flashcards.domain.records import Flashcard

_GAP = re.compile(r"\{\{c[0-9,]{1,200}::")
_ADDRESS = re.compile(r"\]\([^()\s]*\)")


def search_text(card: Flashcard) -> str:
    """Return question, answer and note, a line or more each.

    A gap is its words, so that `{{c1::Mito}}chondria` is one word; addresses of images and links
    are left out.
    """
    text = f"{card.question}\n{card.answer}\n{card.extra}"
    if "{{" in text:
        text = _GAP.sub("", text).replace("}}", "").replace("::", " ")
    return _ADDRESS.sub("]", text) if "](" in text else text
