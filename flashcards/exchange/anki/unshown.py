"""Fields of Anki's notes that no side of a card shows, or not whole: texts for the card's note."""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence

from flashcards.exchange.html import inline, to_markdown
from flashcards.exchange.media import addresses, without_addresses

_BLOCK = re.compile(r"[-#>|] |\d+\. |```|\\\[")
_WORD = re.compile(r"[^\W_]+")
# So many words are looked for within others; a field of more that are missing is kept besides.
_PARTS_OF_WORDS_MOST = 200


def texts(
    fields: Mapping[str, str],
    shown: Collection[str],
    whole: Collection[str],
    sides: Sequence[str],
    markdown: Callable[[str], str],
) -> str:
    """Return the texts of the fields that no side shows, or not with all that is in them."""
    kept = _Kept(sides)
    parts = []
    for name, value in fields.items():
        if not value or (name in whole and kept.has(to_markdown.plain(value))):
            continue
        text = markdown(value)
        if text and not (name in shown and kept.has(text)):
            space = "\n\n" if _BLOCK.match(text) else " "
            parts.append(f"**{inline.escape(name)}:**{space}{text}")
    return "\n\n".join(parts)


class _Kept:
    """The words and the files of a card's sides."""

    def __init__(self, sides: Sequence[str]) -> None:
        self._files = addresses("".join(sides))
        whole = unicodedata.normalize("NFKC", "\n".join(map(without_addresses, sides)))
        words = _WORD.findall(whole)
        self._words = set(words)
        self._joined = "".join(words)

    def has(self, text: str) -> bool:
        """Tell whether all that is in a text is there; markup may have joined or cut its words."""
        if not addresses(text) <= self._files:
            return False
        text = unicodedata.normalize("NFKC", without_addresses(text))
        missing = set(_WORD.findall(text)) - self._words
        return len(missing) <= _PARTS_OF_WORDS_MOST and all(
            word in self._joined for word in missing
        )
