"""The tokenizer of uncased BERT models: words, then the longest known pieces of each.

Follows the published algorithm (Devlin et al. 2018; Wu et al. 2016, "WordPiece"), with the
same results as the reference implementation down to its treatment of control characters.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

# The longest word that is looked up; anything longer is one unknown token, as in the reference.
_LONGEST_WORD = 100
_PIECE = "##"
# Each ideograph is a word of its own. Hangul and kana are not ideographs.
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
_ASCII_WORDS = re.compile(r"[a-z0-9]+|[!-/:-@\[-`{-~]")


class WordPiece:
    """Turn texts into token ids. Immutable once made: safe in any thread."""

    def __init__(self, vocabulary: Path) -> None:
        """Read a vocabulary of one token a line. Raises OSError, KeyError."""
        tokens = vocabulary.read_text(encoding="utf-8").split("\n")
        self._ids = {token: number for number, token in enumerate(tokens) if token}
        self._unknown = self._ids["[UNK]"]
        self._begin = self._ids["[CLS]"]
        self._end = self._ids["[SEP]"]
        self.padding = self._ids["[PAD]"]
        # Texts repeat their words; a word's pieces never change.
        self._pieces = functools.lru_cache(maxsize=50_000)(self._find_pieces)

    def encode(self, text: str, *, limit: int) -> list[int]:
        """Return at most `limit` token ids, with those for the beginning and the end."""
        ids = [self._begin]
        for word in words(text):
            ids += self._pieces(word)
            if len(ids) >= limit:
                break
        return [*ids[: limit - 1], self._end]

    def _find_pieces(self, word: str) -> tuple[int, ...]:
        if len(word) > _LONGEST_WORD:
            return (self._unknown,)
        found = []
        start = 0
        while start < len(word):
            prefix = _PIECE if start else ""
            for end in range(len(word), start, -1):
                number = self._ids.get(prefix + word[start:end])
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                # One unknown piece makes the whole word unknown.
                return (self._unknown,)
        return tuple(found)


def words(text: str) -> Iterator[str]:
    """Yield the lower-case words and marks of a text, without accents."""
    if text.isascii():
        for part in _without_control(text).lower().split():
            yield from _ASCII_WORDS.findall(part)
        return
    spaced = "".join(f" {char} " if _is_ideograph(char) else char for char in _clean(text))
    plain = "".join(
        char for char in unicodedata.normalize("NFD", spaced) if unicodedata.category(char) != "Mn"
    )
    # Letter by letter: in a word, Python ends a Greek one with another sigma than the model knows.
    lower = "".join(char.lower() for char in plain)
    word: list[str] = []
    for char in lower:
        mark = _is_punctuation(char)
        if word and (mark or char.isspace()):
            yield "".join(word)
            word = []
        if mark:
            yield char
        elif not char.isspace():
            word.append(char)
    if word:
        yield "".join(word)


def _clean(text: str) -> Iterator[str]:
    for char in text:
        if char in "\t\n\r" or unicodedata.category(char) == "Zs":
            yield " "
        elif char != "\ufffd" and not _is_control(char):
            yield char


def _without_control(text: str) -> str:
    """Drop ASCII's control characters, except those that separate words."""
    return "".join(char for char in text if (char >= " " and char != "\x7f") or char in "\t\n\r")


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cn", "Co", "Cs"}


def _is_ideograph(char: str) -> bool:
    code = ord(char)
    return code >= 0x3400 and any(first <= code <= last for first, last in _IDEOGRAPHS)


def _is_punctuation(char: str) -> bool:
    if char.isascii():
        return char.isprintable() and not char.isalnum() and char != " "
    return unicodedata.category(char).startswith("P")
