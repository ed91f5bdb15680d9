"""The words of a card as they are compared: without Markdown, with formulas read."""

import re
import unicodedata
from dataclasses import dataclass

from flashcards.domain import card_sides, cloze
from flashcards.domain.card_sides import HasSides, back, front
from flashcards.domain.records import Kind
from flashcards.duplicates import formulas
from memoryloop.markup import without_tags

GAP = "…"
# So many gaps of a question are filled: each takes the whole answer.
GAPS_MOST = 10
_MARKS = re.compile(r"```\w*|[`*#>$|]|!?\[([^\[\]]*)\]\([^()]*\)")
_BOLD_GAP = re.compile(r"\*\*\[[^\]]*\]\*\*|&#91;.*?&#93;")


@dataclass(frozen=True, slots=True)
class CardText:
    """The plain words of a card: its question, its answer, and both as one statement."""

    ask: str
    answer: str

    @property
    def whole(self) -> str:
        return f"{self.ask.replace(GAP, self.answer, GAPS_MOST)} {self.answer}".strip()


def text_of(card: HasSides) -> CardText:
    """Return a card's words without Markdown; of a cloze the text with its gap, and the gap."""
    if card.kind != Kind.CLOZE:
        return CardText(_plain(front(card)), _plain(back(card)))
    hidden = [each.words for each in cloze.hidden(card.question, card.ordinal)]
    return CardText(_plain(_BOLD_GAP.sub(GAP, front(card))), _plain(", ".join(hidden)))


def drafted(question: str, answer: str) -> CardText:
    """Return the words of a card that is still being written."""
    ordinals = card_sides.cloze_ordinals(question)
    kind = Kind.CLOZE if ordinals else Kind.BASIC
    return text_of(card_sides.Draft(kind, question, answer, ordinals[0] if ordinals else 1))


def _plain(text: str) -> str:
    found = formulas.read(_MARKS.sub(lambda match: match[1] or " ", without_tags(text)))
    found = re.sub(r"[\\{}_]", " ", re.sub(r"_\s*(?=\d)", "", found))
    return " ".join(unicodedata.normalize("NFKC", found).replace("...", GAP).split())
