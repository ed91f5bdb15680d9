"""Conversion of Anki's notes: their kind, their words, and the ordinals of their cards.

Two cards that ask for each other's answer become a reversed note, a text with gaps a cloze. The
card of any other template becomes a note of its own: here all cards of a note have the same words.
"""

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flashcards.domain import cloze
from flashcards.domain.card_sides import card_ordinals
from flashcards.domain.records import Kind
from flashcards.exchange.anki import templates
from flashcards.exchange.anki.records import Note, NoteType, Template
from flashcards.exchange.html import inline, to_markdown

# The third field of packages exported from here; see export_notes.
NOTE_FIELD = "Note"
OWN_PREFIX = "MemoryLoop "
# The most characters of a side.
SIDE_MAX_CHARACTERS = 100_000
NO_TEMPLATE = "its note type has no template for it"
NO_TYPE = "its note type is not in the package"
EMPTY_FRONT = "its question is empty"
IMAGE_OCCLUSION = "image occlusion: hiding parts of an image is not supported"
NO_GAP = "the text has no gap of this number"
TOO_LONG = f"a side has more than {SIDE_MAX_CHARACTERS:,} characters"
_CLOZE_NUMBER = re.compile(r"\{\{c(\d+)::")
_STYLED_TAGS = re.compile(r"^\{\{c\d+::image-occlusion:", re.MULTILINE)


@dataclass(frozen=True)
class Words:
    """A converted note: its words, and its ordinals by the ordinals of Anki's cards."""

    # Distinguishes the notes that one note of Anki becomes; "" for the first.
    key: str
    kind: Kind
    question: str
    answer: str
    extra: str
    ordinals: Mapping[int, int]

    def with_texts(self, change: Callable[[str], str]) -> "Words":
        """Return the note with a function applied to each of its texts."""
        question, answer, extra = map(change, (self.question, self.answer, self.extra))
        return dataclasses.replace(self, question=question, answer=answer, extra=extra)


@dataclass(frozen=True)
class Skipped:
    """A card that cannot be imported, and the reason."""

    ordinal: int
    reason: str


def words_of(
    note: Note,
    note_type: NoteType | None,
    ordinals: Sequence[int],
    image: to_markdown.Image | None = None,
) -> tuple[list[Words], list[Skipped]]:
    """Return the notes that these cards of a note become, and the cards that are skipped."""
    if note_type is None:
        return [], [Skipped(ordinal, NO_TYPE) for ordinal in ordinals]
    missing = [""] * len(note_type.fields)
    fields = dict(zip(note_type.fields, [*note.fields, *missing], strict=False))
    if note_type.is_image_occlusion or any(map(_STYLED_TAGS.search, fields.values())):
        return [], [Skipped(ordinal, IMAGE_OCCLUSION) for ordinal in ordinals]
    markdown = functools.partial(to_markdown.convert, image=image)
    own_note = ""
    if note_type.name.startswith(OWN_PREFIX):
        # In packages exported from here the answer side shows this field too.
        own_note, fields[NOTE_FIELD] = markdown(fields.get(NOTE_FIELD, "")), ""
    if note_type.is_cloze:
        found, skipped = _cloze(note_type, fields, ordinals, markdown)
    else:
        found, skipped = _templates(note_type, fields, ordinals, markdown)
    if own_note:
        found = [dataclasses.replace(words, extra=own_note) for words in found]
    kept = [words for words in found if not _is_too_long(words)]
    for words in found:
        if words not in kept:
            skipped += [Skipped(ordinal, TOO_LONG) for ordinal in words.ordinals]
    return kept, skipped


def mirrored_fields(note_type: NoteType) -> tuple[str, str] | None:
    """Return the two fields of which each is the answer to the other, if there are two such."""
    if note_type.is_cloze or len(note_type.templates) < 2:
        return None
    if note_type.name.startswith(OWN_PREFIX):
        return note_type.fields[0], note_type.fields[1]
    one, other = note_type.templates[:2]
    first = templates.is_plain(one.front, is_front=True)
    second = templates.is_plain(other.front, is_front=True)
    if not first or not second or first == second:
        return None
    answers = _answered(one, first), _answered(other, second)
    return (first, second) if answers == (second, first) else None


def _answered(template: Template, asked: str) -> str:
    """Return the one field that an answer shows besides the question."""
    whole = template.back.replace("{{FrontSide}}", "").replace(f"{{{{{asked}}}}}", "", 1)
    return templates.is_plain(whole, is_front=False)


def _templates(
    note_type: NoteType,
    fields: Mapping[str, str],
    ordinals: Sequence[int],
    markdown: Callable[[str], str],
) -> tuple[list[Words], list[Skipped]]:
    by_ordinal = {template.ordinal: template for template in note_type.templates}
    found: list[tuple[str, Kind, str, str, dict[int, int]]] = []
    skipped: list[Skipped] = []
    # Fields that no card shows are kept in the note field.
    used = [template for template in note_type.templates if template.ordinal in ordinals]
    shown = {name for template in used for name in _named(template, fields)}
    rest = list(ordinals)
    pair = mirrored_fields(note_type)
    both = [template.ordinal for template in note_type.templates[:2]]
    if pair and set(both) <= set(rest):
        question, answer = (markdown(fields.get(name, "")) for name in pair)
        if question and answer:
            numbers = dict(zip(both, (1, 2), strict=True))
            found.append(("", Kind.REVERSED, question, answer, numbers))
            rest = [ordinal for ordinal in rest if ordinal not in both]
    for ordinal in rest:
        template = by_ordinal.get(ordinal)
        if template is None:
            skipped.append(Skipped(ordinal, NO_TEMPLATE))
            continue
        front = templates.front(template.front, fields)
        question = markdown(front.html)
        if not question:
            skipped.append(Skipped(ordinal, EMPTY_FRONT))
            continue
        answer = markdown(templates.back(template.back, fields, front.html).html)
        key = "" if not ordinal else str(ordinal)
        found.append((key, Kind.BASIC, question, answer, {ordinal: 1}))
    extra = _extra(fields, shown, markdown)
    return [Words(key, kind, q, a, extra, numbers) for key, kind, q, a, numbers in found], skipped


def _named(template: Template, fields: Mapping[str, str]) -> set[str]:
    """Return the fields that a card shows or that its conditions depend on."""
    front = templates.front(template.front, fields)
    shown = front.shown | templates.back(template.back, fields, front.html).shown
    return shown | templates.asked_about(template.front) | templates.asked_about(template.back)


def _extra(fields: Mapping[str, str], shown: set[str], markdown: Callable[[str], str]) -> str:
    """Return the texts of the fields that no side shows."""
    parts = []
    for name, value in fields.items():
        if name not in shown and (text := markdown(value)):
            parts.append(f"**{inline.escape(name)}:** {text}")
    return "\n\n".join(parts)


def _cloze(
    note_type: NoteType,
    fields: Mapping[str, str],
    ordinals: Sequence[int],
    markdown: Callable[[str], str],
) -> tuple[list[Words], list[Skipped]]:
    if not note_type.templates:
        return [], [Skipped(ordinal, NO_TEMPLATE) for ordinal in ordinals]
    template = note_type.templates[0]
    front = templates.front(template.front, fields)
    gapped = set(templates.cloze_fields(template.front))
    # The answer side repeats the whole text.
    without = {name: "" if name in gapped else value for name, value in fields.items()}
    blank = templates.front(template.front, without)
    back = templates.back(template.back, without, blank.html)
    question, answer = markdown(front.html), markdown(back.html)
    if to_markdown.plain(blank.html) and answer.startswith(markdown(blank.html)):
        answer = answer[len(markdown(blank.html)) :].strip()
    extra = _extra(fields, front.shown | _named(template, fields), markdown)
    if not question:
        return [], [Skipped(ordinal, EMPTY_FRONT) for ordinal in ordinals]
    present = set(card_ordinals(Kind.CLOZE, question))
    alone = {o: only_gap(question, o + 1) for o in ordinals if o + 1 not in present}
    alone = {o: text for o, text in alone.items() if o + 1 in card_ordinals(Kind.CLOZE, text)}
    skipped = [Skipped(o, NO_GAP) for o in ordinals if o + 1 not in present and o not in alone]
    numbers = {ordinal: ordinal + 1 for ordinal in ordinals if ordinal + 1 in present}
    if not alone:
        found = [Words("", Kind.CLOZE, question, answer, extra, numbers)] if numbers else []
        return found, skipped
    # Nested gaps: a note for each, with no other gap in it.
    alone |= {ordinal: only_gap(question, ordinal + 1) for ordinal in numbers}
    notes = [
        Words("" if not o else str(o), Kind.CLOZE, text, answer, extra, {o: o + 1})
        for o, text in sorted(alone.items())
    ]
    return notes, skipped


def only_gap(text: str, ordinal: int) -> str:
    """Return a text with the gaps of one number and the words of all others."""
    while True:
        others = [m for m in _CLOZE_NUMBER.finditer(text) if int(m[1]) != ordinal]
        for match in reversed(others):
            end = _end_of_gap(text, match.end())
            if end is None:
                continue
            words = text[match.end() : end].partition("::")[0]
            if _CLOZE_NUMBER.search(text, match.end(), end):
                # The hint comes last: an inner gap has a :: of its own.
                words = text[match.end() : end]
            text = text[: match.start()] + words + text[end + 2 :]
            break
        else:
            return text


def _end_of_gap(text: str, start: int) -> int | None:
    depth, position = 0, start
    while position < len(text) - 1:
        pair = text[position : position + 2]
        if pair == "{{":
            depth, position = depth + 1, position + 2
        elif pair == "}}":
            if not depth:
                return position
            depth, position = depth - 1, position + 2
        else:
            position += 1
    return None


def _is_too_long(words: Words) -> bool:
    longest = max(len(words.question), len(words.answer), len(words.extra))
    return longest > SIDE_MAX_CHARACTERS or len(cloze.deletions(words.question)) > 1_000
