"""What a page of Insight is asked for: which cards, and over which span of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.http import urlencode

from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.validation import CardError
from flashcards.insight.spans import Span
from flashcards.models import Deck
from flashcards.review import scope as scopes
from flashcards.review.scope import EVERYTHING, Kind, Scope
from memoryloop.storable import storable

# A list of more is slow to choose from: a search (`deck:…`) finds the others.
DECKS_LISTED = 200


SPANS = {
    Span.MONTH: "1 month",
    Span.QUARTER: "3 months",
    Span.YEAR: "1 year",
    Span.ALL: "All time",
}
USUAL_SPAN = Span.QUARTER


@dataclass(frozen=True)
class DeckOption:
    """A line of the list of what can be chosen."""

    key: str
    name: str


@dataclass(frozen=True)
class Choice:
    """Which cards, and over which span. `scope` is None where there is something to say first."""

    owner_id: UUID
    scope: Scope | None
    span: Span
    # The search as it was typed, empty where none was.
    search: str = ""
    is_search: bool = False
    # What is wrong with the search or the deck, in a sentence.
    problem: str = ""

    @property
    def asked(self) -> dict[str, str]:
        """Return what an address of this choice carries; what is usual is left out."""
        asked = {}
        if self.scope is not None and self.scope != EVERYTHING:
            asked["of"] = self.scope.key
        elif self.search:
            # What cannot be understood yet is there to be corrected.
            asked["of"] = f"{Kind.SEARCH}:{self.search}"
        if self.span is not USUAL_SPAN:
            asked["span"] = self.span.value
        return asked

    @property
    def query(self) -> str:
        """Return `?of=…&span=…`, or nothing."""
        return _query(self.asked)

    @property
    def spans(self) -> list[tuple[str, str, bool]]:
        """Return each span to choose: its address, its name, and whether it is chosen."""
        asked = {name: value for name, value in self.asked.items() if name != "span"}
        return [
            (
                _query(asked if span is USUAL_SPAN else asked | {"span": span.value}) or "?",
                name,
                span is self.span,
            )
            for span, name in SPANS.items()
        ]

    @property
    def deck(self) -> Deck | None:
        """Return the deck that was chosen. One SQL query, if any."""
        if self.scope is None or self.scope.deck_id is None:
            return None
        return Deck.objects.filter(owner_id=self.owner_id, id=self.scope.deck_id).first()

    @property
    def cards_query(self) -> str:
        """Return the search that finds the cards; empty for all."""
        return "" if self.scope is None or self.scope.node is None else str(self.scope.node)

    def decks(self) -> list[DeckOption]:
        """Return what can be chosen besides all cards and a search, at most DECKS_LISTED decks.

        One SQL query.
        """
        rows = Deck.objects.filter(owner_id=self.owner_id).values_list("id", "name")
        options = [DeckOption(scopes.deck_key(id_), name) for id_, name in rows[:DECKS_LISTED]]
        chosen = self.scope
        if chosen is None or chosen == EVERYTHING or self.is_search:
            return options
        # A deck beyond the list, or what was forgotten today.
        own = DeckOption(chosen.key, chosen.name[:1].upper() + chosen.name[1:])
        return options if own.key in {each.key for each in options} else [*options, own]


def read(owner_id: UUID, data: Mapping[str, str]) -> Choice:
    """Return what a query string asks for: `of` with `search`, and `span`; unknown ones are told.

    `of` is a scope's key, or "search" where the words are in `search`.
    """
    span = next((span for span in Span if span == data.get("span")), USUAL_SPAN)
    key = storable(data.get("of", "")) or EVERYTHING.key
    kind, _, text = key.partition(":")
    is_search = kind == Kind.SEARCH
    search = (text or storable(data.get("search", ""))).strip() if is_search else ""
    if is_search and not search:
        return Choice(owner_id, None, span, is_search=True)
    try:
        chosen = scopes.of_search(search) if is_search else scopes.read(owner_id, key)
    except (BadQuery, CardError) as error:
        return Choice(owner_id, None, span, search, is_search, error.sentence)
    return Choice(owner_id, chosen, span, search, is_search)


def _query(asked: dict[str, str]) -> str:
    return f"?{urlencode(asked)}" if asked else ""
