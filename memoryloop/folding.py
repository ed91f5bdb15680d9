"""Folding: text as it is compared, wherever what people type is looked for or told apart.

Both sides of a comparison are folded by `fold`: what is stored and what is asked for. PostgreSQL,
which searches messages itself, has the same in `chat_folded` (chat/migrations/0007_folding.py).
"""

import itertools
import re
import unicodedata

# What İ becomes in lower case is an i with a dot above, which has a dot already.
_DOT_ABOVE = "i\u0307"
_VOICED = re.compile("[\u3041-\u30ff][\u3099\u309a]")


def fold(text: str) -> str:
    """Return a text without the differences of case and of encoding: Unicode's NFKC_Casefold.

    Köln with one or with two code points for its ö, full-width letters, ß and ss, both small forms
    of sigma, İ and i are the same. Accents count. Folding a folded text changes nothing.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return folded.replace(_DOT_ABOVE, "i") if _DOT_ABOVE in folded else folded


def without_accents(text: str) -> str:
    """Return a text without accents and other marks on letters, else decomposed (Unicode's NFKD).

    The marks of kana stay: が is another letter than か.
    """
    letters = unicodedata.normalize("NFKD", text)
    letters = _VOICED.sub(lambda kana: unicodedata.normalize("NFC", kana[0]), letters)
    return "".join(each for each in letters if not unicodedata.combining(each))


def find_folded(text: str, wanted: str) -> list[tuple[int, int]]:
    """Return the offsets in `text` of what is `wanted` once both are folded, without overlaps."""
    wanted = fold(wanted)
    if not wanted:
        return []
    # Marks are folded together with the letter before them, as they may become one.
    starts = [at for at, letter in enumerate(text) if not at or not unicodedata.combining(letter)]
    pieces = list(itertools.pairwise([*starts, len(text)]))
    folded = [fold(text[start:end]) for start, end in pieces]
    owners = [number for number, letters in enumerate(folded) for _ in letters]
    whole = "".join(folded)
    found = []
    at = whole.find(wanted)
    while at >= 0:
        last = at + len(wanted) - 1
        found.append((pieces[owners[at]][0], pieces[owners[last]][1]))
        at = whole.find(wanted, last + 1)
    return found
