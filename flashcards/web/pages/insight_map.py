"""The page of the map: its legends, and the list of its regions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard
from flashcards.insight.map_cards import CHANCES, DECK_NONE, DECK_OTHER, MapCards

REGION_CARDS = 5
_AGE_NAMES = ("this week", "this month", "the last 3 months", "the last year", "older")


@dataclass(frozen=True)
class LegendEntry:
    """A class of cards: its colour is that of its number."""

    number: int
    name: str
    count: int


@dataclass(frozen=True)
class Legend:
    name: str
    label: str
    entries: list[LegendEntry]


@dataclass(frozen=True)
class CardLink:
    card: Flashcard
    title: str


def links(cards: Sequence[Flashcard]) -> list[CardLink]:
    return [CardLink(card, card_sides.summary(card)) for card in cards]


def legends(cards: MapCards) -> list[Legend]:
    """Return what the colours of the map mean, for each way of colouring it."""
    ends = (*CHANCES[1:], 100)
    chances = [
        f"under {end}%" if not low else f"{low} to {end}%"
        for low, end in zip(CHANCES, ends, strict=True)
    ]
    names = {str(deck.id): deck.name for deck in cards.decks}
    decks = {n: names[deck_id] for n, deck_id in enumerate(cards.named_decks)}
    decks |= {DECK_OTHER: "other decks", DECK_NONE: "no deck"}
    return [
        Legend("chance", "Chance of recall",
               _entries(cards.counts(cards.chance_classes), [*chances, "new"])),
        Legend("deck", "Deck", _used(cards.counts(cards.deck_classes), decks)),
        Legend("age", "Added", _entries(cards.counts(cards.age_classes), _AGE_NAMES)),
    ]  # fmt: skip


def _entries(counts: Sequence[int], names: Sequence[str]) -> list[LegendEntry]:
    return [LegendEntry(n, name, counts[n]) for n, name in enumerate(names)]


def _used(counts: Sequence[int], names: dict[int, str]) -> list[LegendEntry]:
    return [LegendEntry(n, name, counts[n]) for n, name in names.items() if counts[n]]


def context(cards: MapCards) -> dict[str, Any]:
    """Return what the template of the map needs."""
    listed = [
        {"region": each, "name": each.region.name, "links": links(each.cards),
         "more": each.count - len(each.cards)}
        for each in cards.regions(REGION_CARDS)
    ]  # fmt: skip
    return {
        "cards": cards,
        "count": cards.count,
        "legends": legends(cards),
        "regions": listed,
        "labels": [
            {"x": each.x, "y": each.y, "level": each.level, "name": ", ".join(each.words[:2])}
            for each in cards.layout.regions
            if each.words
        ],
    }
