"""The page of a text's coverage: each idea with its cards as lines."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from flashcards.insight.coverage import Coverage, CoveredIdea, Covering, State
from flashcards.web.pages import covered_rows
from flashcards.web.pages.covered_rows import CardLine, Perhaps
from flashcards.web.pages.origins import make_url


@dataclass(frozen=True)
class Row:
    text: str
    state: State
    cards: list[CardLine]
    perhaps: Perhaps | None
    # Where cards are made of exactly this passage; empty where there is one, even perhaps.
    make: str
    # Whether a batch of it waits, and whether there is anything in that.
    is_drafted: bool
    has_drafts: bool


def rows(text_id: UUID, coverage: Coverage) -> list[Row]:
    return [_row(text_id, each) for each in coverage.ideas]


def _row(text_id: UUID, covered: CoveredIdea) -> Row:
    make = ""
    if covered.state is State.NONE:
        make = make_url(covered.batch or covered.idea.part)
        if covered.batch is None:
            make += "&begin=1" if "?" in make else "?begin=1"
    return Row(
        covered.idea.text,
        covered.state,
        [_known(text_id, each) for each in covered.cards],
        covered_rows.perhaps(covered.perhaps, covered.idea.digest),
        make,
        covered.batch is not None,
        covered.has_drafts,
    )


def _known(text_id: UUID, covering: Covering) -> CardLine:
    take_back = ""
    if covering.answer_id:
        take_back = reverse("flashcards:take_back_covered", args=[text_id, covering.answer_id])
    return covered_rows.known(covering, take_back=take_back, says_why=True)
