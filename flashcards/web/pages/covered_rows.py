"""What the pages of coverage share: cards as lines, and the question of the one that may count."""

from dataclasses import dataclass

from django.urls import reverse

from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard
from flashcards.insight.coverage import Covering


@dataclass(frozen=True)
class CardLine:
    url: str
    title: str
    # Why it counts, and how well it is known; empty for one that only may.
    said: str = ""
    # Where the learner's answer that it counts is taken back; empty without one.
    take_back: str = ""


@dataclass(frozen=True)
class Perhaps:
    """The card that may cover an idea or a line, and what is sent with the answer."""

    card: CardLine
    card_id: str
    digest: str


def known(covering: Covering, *, take_back: str, says_why: bool) -> CardLine:
    """Return a card that counts; `take_back` is the address for the learner's own answer."""
    chance = covering.chance
    said = "new" if chance is None else f"{chance:.0%} likely to be recalled"
    if says_why or covering.answer_id:
        said = f"{covering.why}, {said}"
    return card_line(covering.card, said, take_back if covering.answer_id else "")


def perhaps(card: Flashcard | None, digest: str) -> Perhaps | None:
    return None if card is None else Perhaps(card_line(card), str(card.id), digest)


def card_line(card: Flashcard, said: str = "", take_back: str = "") -> CardLine:
    url = reverse("flashcards:card", args=[card.id])
    return CardLine(url, card_sides.summary(card), said, take_back)
