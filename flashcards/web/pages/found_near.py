"""What a search found besides the cards with all of its words, and by what."""

from dataclasses import dataclass

from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard
from flashcards.search import loosened
from flashcards.search.evidence import Found as By
from flashcards.search.find_cards import LIKELY, WORTH_A_LOOK, FoundCard, one_of_each_note
from flashcards.search.search import Found
from memoryloop import search_words

# Behind cards that have all of the words, only what is likely meant is shown.
SHOWN, SHOWN_BEHIND_OTHERS = 12, 6
# A card that has so much of the search, if the misspelt words are taken for its own, was meant.
MEANT = 0.6


@dataclass(frozen=True)
class NearLine:
    """A card that was found by something else than all of the words, and by what."""

    card: Flashcard
    title: str
    by: str


def lines(found: Found) -> list[NearLine]:
    """Return the cards near what was searched for, the best first."""
    least, most = (LIKELY, SHOWN_BEHIND_OTHERS) if len(found) else (WORTH_A_LOOK, SHOWN)
    likely = one_of_each_note(each for each in found.near if each.score >= least)[:most]
    return [NearLine(each.card, card_sides.title(each.card), _by(each)) for each in likely]


def meant(text: str, found: Found) -> str:
    """Return the search with words that are spelt as in the best card; empty if there is none."""
    best = next((each for each in found.near if each.evidence.alike), None)
    if best is None or best.evidence.spelt < MEANT:
        return ""
    alike = dict(best.evidence.alike)
    for word in reversed(loosened.bare_words(found.node)):
        typed = search_words.words(word.value)
        if len(typed) == 1 and typed[0] in alike:
            end = word.at + len(word.value)
            text = text[: word.at] + alike[typed[0]] + text[end:]
    return text if any(each in text for each in alike.values()) else ""


def _by(found: FoundCard) -> str:
    if found.by is By.SPELLING:
        return f"spelt alike: {', '.join(word for _, word in found.evidence.alike)}"
    return "some of your words" if found.by is By.WORDS else "near in meaning"
