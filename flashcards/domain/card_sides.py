"""The two sides of a card, as Markdown. The renderer sanitises them.

What a cloze card hides or shows is set in bold where Markdown allows it, underlined in mathematics
and left plain in code, so that neither side ever breaks the code or the formula around it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from flashcards.domain.cloze import Deletion, all_deletions, parts
from flashcards.domain.records import Kind
from memoryloop.markup import without_tags

SUMMARY_MAX_CHARACTERS = 160
# So much of a side is read for its summary, with its markup.
SUMMARY_OF_CHARACTERS = 2_000

_GAP = "…"
# Signs of which several in a row mean something else; and what is put between, which is not seen.
_SIGNS = tuple("`*~$")
_JOINER = "\u2060"
# Characters that \text{} does not take unescaped.
_NOT_IN_TEXT = re.compile(r"[{}$%#&_^~\\]")
_BLOCKS = re.compile(r"\n\s*\n|^\s*(?:```|~~~|[-*+] |\d+[.)] |#|>|\|)", re.MULTILINE)


# `*words*`, and signs that are no emphasis because a space is on either side.
_EMPHASIS = re.compile(r"(?<![\w*\\])\*(?=\S)[^*\n]+(?<=\S)\*(?![\w*])|(?<=\s)\*(?=\s)")
# A sound is written as an image is.
_SOUND = re.compile(r"!\[[^\]]*\]\(/media/[0-9a-f]+\.(?:mp3|ogg|wav|m4a|aac|flac|webm)\)")


class HasSides(Protocol):
    """Anything that has the words of a card: a card, a draft, or a form's values."""

    @property
    def kind(self) -> str: ...
    @property
    def question(self) -> str: ...
    @property
    def answer(self) -> str: ...
    @property
    def ordinal(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """The words of a card that is still being written."""

    kind: str
    question: str
    answer: str
    ordinal: int = 1


def front(card: HasSides) -> str:
    """Return the front of a card."""
    if card.kind == Kind.CLOZE:
        return _cloze(card.question, card.ordinal, reveal=False)
    return card.answer if _is_swapped(card) else card.question


def back(card: HasSides) -> str:
    """Return the back of a card; for a cloze, the whole text and then the answer, if it has one."""
    if card.kind == Kind.CLOZE:
        whole = _cloze(card.question, card.ordinal, reveal=True)
        return f"{whole}\n\n{card.answer}" if card.answer.strip() else whole
    return card.question if _is_swapped(card) else card.answer


def summary(card: HasSides) -> str:
    """Return the front as one line of plain words, for lists: at most 160 characters."""
    text = front(card).strip()[:SUMMARY_OF_CHARACTERS]
    text = re.sub(r"^\s*(?:```|~~~).*$", " ", text, flags=re.MULTILINE)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^\s*(?:#{1,6}|>|[-*+])\s+", "", text, flags=re.MULTILINE)
    text = without_tags(text)
    text = re.sub(r"\*\*|(?<!_)__(?!_)|`|&#9[13];", _plain, text)
    # Emphasis only: `2 * 3` and `snake_case` keep their signs.
    text = re.sub(r"(?<![\w*])([*_])(?=\S)([^*_\n]+)(?<=\S)\1(?![\w*])", r"\2", text)
    text = " ".join(text.split())
    if len(text) <= SUMMARY_MAX_CHARACTERS:
        return text
    return text[: SUMMARY_MAX_CHARACTERS - 1].rstrip() + "…"


def title(card: HasSides) -> str:
    """Return the summary of a card, or what it has instead of words."""
    return summary(card) or ("(sound only)" if _SOUND.search(front(card)) else "(image only)")


def cloze_ordinals(text: str) -> list[int]:
    """Return the ordinals of the well-formed deletions, each once, ascending."""
    return sorted({number for deletion in all_deletions(text) for number in deletion.ordinals})


def card_ordinals(kind: str, question: str) -> list[int]:
    """Return the ordinals of the cards that a note gives; none for a cloze without a gap."""
    if kind == Kind.CLOZE:
        return cloze_ordinals(question)
    return [1, 2] if kind == Kind.REVERSED else [1]


def _plain(match: re.Match[str]) -> str:
    return {"&#91;": "[", "&#93;": "]"}.get(match[0], "")


def _is_swapped(card: HasSides) -> bool:
    return card.kind == Kind.REVERSED and card.ordinal == 2


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a side: words as they are, or what a gap hides or shows, which is to stand out."""

    text: str
    stands_out: bool = False


# Where a gap in running text begins or ends.
_EDGE = _Piece("")


def _cloze(text: str, ordinal: int, *, reveal: bool) -> str:
    # Gaps that touch are set in bold together, because their marks would be read as one.
    runs: list[tuple[list[_Piece], bool]] = []
    at_edge = False
    for piece in _pieces(parts(text), ordinal, reveal):
        if piece is _EDGE:
            at_edge = True
        elif piece.text and piece.stands_out and runs and runs[-1][0][0].stands_out:
            runs[-1][0].append(piece)
        elif piece.text:
            runs.append(([piece], at_edge))
            at_edge = False
    done: list[str] = []
    for at, (run, begins_at_edge) in enumerate(runs):
        words = [piece.text for piece in run]
        shown = words[0]
        if run[0].stands_out:
            after = runs[at + 1][0][0].text[0] if at + 1 < len(runs) else ""
            shown = (_shown if reveal else _hidden)(words, done[-1][-1] if done else "", after)
        if begins_at_edge and done and _are_to_part(done[-1], shown):
            done.append(_JOINER)
        done.append(shown)
    return "".join(done)


def _are_to_part(before: str, after: str) -> bool:
    """Tell whether signs of Markdown at the end and the beginning would be read as one."""
    return before[-1] == after[0] and after[0] in _SIGNS


def _pieces(found: Sequence[str | Deletion], ordinal: int, reveal: bool) -> Iterator[_Piece]:
    for part in found:
        if isinstance(part, str):
            yield _Piece(part)
            continue
        if part.place == "text":
            yield _EDGE
        if ordinal not in part.ordinals:
            yield from _pieces(part.parts, ordinal, reveal)
        elif part.place == "text":
            yield _Piece(part.words if reveal else _hint(part), stands_out=True)
        else:
            yield _Piece(_within(part, reveal=reveal))
        if part.place == "text":
            yield _EDGE


def _hint(deletion: Deletion) -> str:
    return " ".join(deletion.hint.split()) or _GAP


def _within(deletion: Deletion, *, reveal: bool) -> str:
    """Return what code or mathematics has in place of a deletion."""
    words, hint = deletion.words, _hint(deletion)
    if deletion.place == "code":
        # A backtick would end the code around it.
        return words if reveal else f"[{hint.replace('`', '')}]"
    if not reveal:
        return rf"\text{{[{_NOT_IN_TEXT.sub('', hint)}]}}"
    whole_group = not re.search(r"&|\\\\", words) and words.count("{") == words.count("}")
    return rf"\underline{{{words}}}" if whole_group else words


def _hidden(hints: Sequence[str], before: str, after: str) -> str:
    """Return gaps that touch, with their hints."""
    if before == "\\":
        # It would escape the mark.
        return "".join(f"[{hint}]" for hint in hints)
    # Written as entities, the brackets cannot become a link with what follows.
    gaps = "".join(f"&#91;{hint}&#93;" for hint in hints)
    if any("*" in hint for hint in hints) or not _can_be_bold(gaps, before, after):
        return gaps
    return f"**[{hints[0]}]**" if len(hints) == 1 else f"**{gaps}**"


def _shown(pieces: Sequence[str], before: str, after: str) -> str:
    """Return the words of gaps that touch."""
    parted = (
        f"{_JOINER}{piece}" if at and _are_to_part(pieces[at - 1], piece) else piece
        for at, piece in enumerate(pieces)
    )
    words = "".join(parted)
    core = words.strip()
    if not core or "*" in _EMPHASIS.sub("", words) or _BLOCKS.search(words):
        return words
    lead, trail = words[: words.index(core)], words[words.index(core) + len(core) :]
    if not _can_be_bold(core, lead or before, trail or after):
        return words
    return f"{lead}**{core}**{trail}"


def _can_be_bold(core: str, before: str, after: str) -> bool:
    """Tell whether `**core**` is read as bold between these two characters (CommonMark 6.2)."""
    if "*" in (before, after, core[0], core[-1]) or "\\" in (before, core[-1]):
        return False
    opens = not _is_punctuation(core[0]) or not before.strip() or _is_punctuation(before)
    closes = not _is_punctuation(core[-1]) or not after.strip() or _is_punctuation(after)
    return opens and closes


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
