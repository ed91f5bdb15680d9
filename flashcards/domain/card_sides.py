"""The two sides of a card, as Markdown. The renderer sanitises them.

What a cloze card hides or shows is set in bold where Markdown allows it, underlined in mathematics
and left plain in code, so that neither side ever breaks the code or the formula around it.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Protocol

from flashcards.domain.cloze import Deletion, deletions
from flashcards.domain.records import Kind
from memoryloop.markup import without_tags

SUMMARY_MAX_CHARACTERS = 160
# So much of a side is read for its summary, with its markup.
SUMMARY_OF_CHARACTERS = 2_000

_GAP = "…"
# Characters that \text{} does not take unescaped.
_NOT_IN_TEXT = re.compile(r"[{}$%#&_^~\\]")
_BLOCKS = re.compile(r"\n\s*\n|^\s*(?:```|~~~|[-*+] |\d+[.)] |#|>|\|)", re.MULTILINE)


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


def cloze_ordinals(text: str) -> list[int]:
    """Return the ordinals of the well-formed deletions, each once, ascending."""
    return sorted({deletion.ordinal for deletion in deletions(text)})


def card_ordinals(kind: str, question: str) -> list[int]:
    """Return the ordinals of the cards that a note gives; none for a cloze without a gap."""
    if kind == Kind.CLOZE:
        return cloze_ordinals(question)
    return [1, 2] if kind == Kind.REVERSED else [1]


def _plain(match: re.Match[str]) -> str:
    return {"&#91;": "[", "&#93;": "]"}.get(match[0], "")


def _is_swapped(card: HasSides) -> bool:
    return card.kind == Kind.REVERSED and card.ordinal == 2


def _cloze(text: str, ordinal: int, *, reveal: bool) -> str:
    parts: list[str] = []
    position = 0
    before = ""
    for deletion in deletions(text):
        parts.append(text[position : deletion.start])
        before = next((part[-1] for part in reversed(parts[-2:]) if part), before)
        after = text[deletion.end : deletion.end + 1]
        if deletion.ordinal != ordinal:
            parts.append(deletion.words)
        elif reveal:
            parts.append(_shown(deletion, before, after))
        else:
            parts.append(_hidden(deletion, before, after))
        position = deletion.end
    parts.append(text[position:])
    return "".join(parts)


def _hidden(deletion: Deletion, before: str, after: str) -> str:
    hint = " ".join(deletion.hint.split()) or _GAP
    if deletion.place == "math":
        return rf"\text{{[{_NOT_IN_TEXT.sub('', hint)}]}}"
    if deletion.place == "code":
        # A backtick would end the code around it.
        return f"[{hint.replace('`', '')}]"
    gap = f"[{hint}]"
    if _can_be_bold(gap, before, after):
        return f"**{gap}**"
    # Written as entities, the brackets cannot become a link with what follows.
    return f"&#91;{hint}&#93;"


def _shown(deletion: Deletion, before: str, after: str) -> str:
    words = deletion.words
    if deletion.place == "math":
        whole_group = not re.search(r"&|\\\\", words) and words.count("{") == words.count("}")
        return rf"\underline{{{words}}}" if whole_group else words
    if deletion.place == "code" or "**" in words or _BLOCKS.search(words):
        return words
    core = words.strip()
    lead, trail = words[: words.index(core)], words[words.index(core) + len(core) :]
    if not _can_be_bold(core, lead or before, trail or after):
        return words
    return f"{lead}**{core}**{trail}"


def _can_be_bold(core: str, before: str, after: str) -> bool:
    """Tell whether `**core**` is read as bold between these two characters (CommonMark 6.2)."""
    if "*" in (before, after, core[0], core[-1]):
        return False
    opens = not _is_punctuation(core[0]) or not before.strip() or _is_punctuation(before)
    closes = not _is_punctuation(core[-1]) or not after.strip() or _is_punctuation(after)
    return opens and closes


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
