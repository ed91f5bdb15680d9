"""Regions: parts of the map, named by words that are frequent there and rare elsewhere."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flashcards.insight.mapping.components import Floats
from flashcards.insight.mapping.neighbours import group_centres, nearest_centres
from memoryloop import search_words
from memoryloop.markup import without_tags

# The map has this many regions of each level; each has at least as many cards.
_MOST = (12, 60)
_CARDS_EACH = (12, 8)
WORDS = 3
# A word names a region that stands on so many of its cards.
_CARDS_LEAST = 2
_LONGEST_CHARACTERS = 400
_LONGEST_WORD = 24
# Formulas, code and addresses have no words that name anything.
_NO_WORDS = re.compile(
    r"\$\$.*?\$\$|\$[^$\n]*\$|```.*?```|`[^`\n]*`|!?\[[^\]\n]*\]\([^)\n]*\)|https?://\S+", re.DOTALL
)
_GAP = re.compile(r"\{\{c[0-9,]{1,200}::")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the map around a point, on one of two levels: 0 for the whole map, 1 near by."""

    x: float
    y: float
    level: int
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        return ", ".join(self.words)


def find(positions: Floats, texts: dict[int, str]) -> list[Region]:
    """Return the regions of a layout. `texts` are those of some of its cards, by their place."""
    places = np.fromiter(sorted(texts), dtype=np.int64)
    told = [_words(texts[place]) for place in places.tolist()]
    found = []
    for level, (most, least) in enumerate(zip(_MOST, _CARDS_EACH, strict=True)):
        number = min(most, max(1, len(positions) // least))
        centres = group_centres(positions, number, seed=level)
        groups = nearest_centres(positions[places], centres)
        for centre, words in zip(centres.tolist(), _names(told, groups.tolist(), number),
                                 strict=True):  # fmt: skip
            found.append(Region(round(centre[0], 4), round(centre[1], 4), level, words))
    return found


def _names(
    told: Sequence[dict[str, str]], groups: Sequence[int], number: int
) -> list[tuple[str, ...]]:
    """Return the words that name each group of cards, the most telling first."""
    everywhere: Counter[str] = Counter()
    within: list[Counter[str]] = [Counter() for _ in range(number)]
    written: dict[str, Counter[str]] = {}
    sizes = Counter(groups)
    for words, group in zip(told, groups, strict=True):
        everywhere.update(words.keys())
        within[group].update(words.keys())
        for stem, word in words.items():
            written.setdefault(stem, Counter())[word] += 1
    total = max(1, len(told))
    named = []
    for group, counts in enumerate(within):
        size = max(1, sizes[group])

        def telling(stem: str, count: int, size: int = size) -> float:
            share, usual = count / size, everywhere[stem] / total
            return share * math.log(share / usual)

        scores = {
            stem: telling(stem, count)
            for stem, count in counts.items()
            if count >= min(_CARDS_LEAST, size)
        }
        best = sorted(scores, key=lambda stem: (-scores[stem], stem))[:WORDS]
        named.append(tuple(written[stem].most_common(1)[0][0] for stem in best))
    return named


def _words(text: str) -> dict[str, str]:
    """Return the telling words of a card as they are written, by the shortest of their forms."""
    plain = without_tags(_NO_WORDS.sub(" ", _GAP.sub(" ", text).replace("}}", " ")))
    plain = plain[:_LONGEST_CHARACTERS].replace("::", " ")
    written = {search_words.plain(word): word for word in reversed(_WORD.findall(plain))}
    found = {}
    for term in search_words.terms(plain):
        if term.is_common or not 1 < len(term.word) <= _LONGEST_WORD or term.word.isdigit():
            continue
        stem = min(term.keys, key=lambda key: (len(key), key))
        found[stem if stem.isascii() else term.word] = written.get(term.word, term.word)
    return found
