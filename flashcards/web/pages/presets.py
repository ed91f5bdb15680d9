"""Presets in words: what each sets, and which decks use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flashcards.domain import durations
from flashcards.models import Deck, StudySettings
from flashcards.models.decks import DECK_SEPARATOR
from flashcards.study_settings import EffectiveSettings, presets
from flashcards.web.forms.study_settings import steps_in_words
from memoryloop.folding import fold

# So many decks are named in a line.
NAMED_MOST = 3


@dataclass(frozen=True)
class Line:
    """A preset in the list of them."""

    id: int
    name: str
    sets: str
    used_by: str


@dataclass(frozen=True)
class DeckLine:
    """A deck in the list of decks, and whose settings it has."""

    id: UUID
    name: str
    has_own: bool
    follows: str


def lines(owner_id: UUID, decks: Sequence[Deck]) -> list[Line]:
    """Return an owner's presets by name. One SQL query."""
    names: dict[int, list[str]] = {}
    for deck in decks:
        if deck.preset_id is not None:
            names.setdefault(deck.preset_id, []).append(deck.name)
    return [
        Line(row.pk, row.name, what_it_sets(row), used_by(names.get(row.pk, [])))
        for row in presets.presets_of(owner_id)
    ]


def deck_lines(decks: Sequence[Deck], settings: EffectiveSettings) -> list[DeckLine]:
    """Return the decks that hold cards, each with whose settings hold for it."""
    return [
        DeckLine(deck.id, deck.name, deck.preset_id is not None, follows(deck, settings))
        for deck in decks
    ]


def follows(deck: Deck, settings: EffectiveSettings) -> str:
    """Return whose settings hold for a deck: a preset's name, or that they are those of all."""
    own = settings.of_decks([deck.id])
    return own.preset_name or "same as all cards"


def chosen(deck: Deck, settings: EffectiveSettings) -> str:
    """Return whose settings hold for a deck now, after a choice."""
    own = settings.of_decks([deck.id])
    if not own.preset_name:
        return f"{deck.name} has the settings for all cards."
    return f"{deck.name} uses the preset “{own.preset_name}”."


def without_its_own(deck: Deck, decks: Sequence[Deck], settings: EffectiveSettings) -> str:
    """Return what would hold for a deck that chooses no preset."""
    known = {fold(each.name): each for each in decks}
    parts = deck.name.split(DECK_SEPARATOR)
    for length in range(len(parts) - 1, 0, -1):
        above = known.get(fold(DECK_SEPARATOR.join(parts[:length])))
        if above is not None and above.preset_id is not None:
            name = settings.decks[above.id].preset_name
            return f"Same as {above.name}, which uses {name}"
    return "Same as all cards"


def what_it_sets(row: StudySettings) -> str:
    """Return what a preset sets otherwise than for all cards, in a line."""
    said = []
    if row.desired_retention is not None:
        said.append(f"retention {100 * row.desired_retention:g}%")
    if row.new_per_day is not None:
        said.append(f"{durations.count(row.new_per_day, 'new card')} a day")
    if row.reviews_per_day is not None:
        said.append(f"{durations.count(row.reviews_per_day, 'review')} a day")
    if row.learning_steps_seconds is not None:
        said.append(f"steps {steps_in_words(row.learning_steps_seconds)}")
    if row.maximum_interval_days is not None:
        said.append(f"{durations.count(row.maximum_interval_days, 'day')} at most")
    if row.parameters:
        said.append("FSRS parameters of its own")
    sentence = ", ".join(said) or "sets nothing yet: same as all cards"
    return sentence[0].upper() + sentence[1:]


def used_by(names: Sequence[str]) -> str:
    """Return which decks use a preset: "Used by French, Latin and 2 more decks"."""
    if not names:
        return "No deck uses it"
    named, more = list(names[:NAMED_MOST]), len(names) - NAMED_MOST
    if more > 0:
        named.append(f"{more} more deck{'' if more == 1 else 's'}")
    if len(named) == 1:
        return f"Used by {named[0]}"
    return f"Used by {', '.join(named[:-1])} and {named[-1]}"
