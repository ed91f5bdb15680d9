"""The page of a text's coverage: each idea with its cards as lines."""

from dataclasses import dataclass

from flashcards.domain import card_sides
from flashcards.insight.coverage import Coverage, CoveredIdea, State
from flashcards.web.pages.origins import make_url


@dataclass(frozen=True)
class CardLine:
    url_id: str
    title: str
    # Why it counts, and how well it is known.
    said: str


@dataclass(frozen=True)
class Row:
    text: str
    state: State
    cards: list[CardLine]
    # Where cards are made of exactly this passage; empty where there is one.
    make: str
    # Whether a batch of it waits, and whether there is anything in that.
    is_drafted: bool
    has_drafts: bool


def rows(coverage: Coverage) -> list[Row]:
    return [_row(each) for each in coverage.ideas]


def _row(covered: CoveredIdea) -> Row:
    lines = []
    for each in covered.cards:
        why = "from here" if each.is_from_here else "by meaning"
        known = "new" if each.chance is None else f"{each.chance:.0%} likely to be recalled"
        lines.append(CardLine(str(each.card.id), card_sides.summary(each.card), f"{why}, {known}"))
    make = ""
    if covered.state is State.NONE:
        make = make_url(covered.batch or covered.idea.part)
        if covered.batch is None:
            make += "&begin=1" if "?" in make else "?begin=1"
    return Row(
        covered.idea.text, covered.state, lines, make, covered.batch is not None, covered.has_drafts
    )
