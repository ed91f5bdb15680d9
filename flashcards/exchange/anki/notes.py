"""Conversion of Anki's notes: their kind, their words, and the ordinals of their cards.

Two cards that ask for each other's answer become a reversed note, a text with gaps a cloze. The
card of any other template becomes a note of its own: here all cards of a note have the same words.
"""

import dataclasses
import functools
import html
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from flashcards.cards.labels import TAG_MAX_CHARACTERS
from flashcards.domain import cloze
from flashcards.domain.card_sides import card_ordinals, cloze_ordinals
from flashcards.domain.records import Kind
from flashcards.exchange.anki import occlusion, templates, unshown
from flashcards.exchange.anki.collection import VALUE_MAX_BYTES
from flashcards.exchange.anki.records import Note, NoteType, Template
from flashcards.exchange.html import file_names, to_markdown
from flashcards.exchange.media import placeholder, without_addresses

# The third field of packages exported from here; see export_notes.
NOTE_FIELD = "Note"
OWN_PREFIX = "MemoryLoop "
# The most characters of a side.
SIDE_MAX_CHARACTERS = 100_000
# The most gaps of a text.
GAPS_MOST = 1_000
NO_TEMPLATE = "its note type has no template for it"
NO_TYPE = "its note type is not in the package"
EMPTY_FRONT = "its question is empty"
VIDEO_FRONT = "its question is only a video, and videos are not imported"
NO_SHAPE = "nothing of its image is hidden, or there is no image"
PLACEHOLDER = "it is Anki’s advice to update, which is no card"
NO_GAP = "the text has no gap of this number"
TOO_LONG = f"a side has more than {SIDE_MAX_CHARACTERS:,} characters"
TOO_LARGE = f"its note has more than {VALUE_MAX_BYTES // 1024**2} MB"
DRAWING = "a drawing (SVG) is not shown; the words in it are kept"
TAG_CUT = f"a tag is longer than {TAG_MAX_CHARACTERS} characters: its beginning is kept"
VIDEO = "videos are not imported; the words beside them are"
HIDDEN = "a script or a comment in a field, which no side shows, is not kept"
_PLACEHOLDER_MAX_CHARACTERS = 400
_DRAWING = re.compile(r"<svg\b", re.IGNORECASE)
_VIDEO = re.compile(
    rf"\[sound:[^\]\n]*\.(?:{'|'.join(sorted(file_names.VIDEO))})\s*\]|<video\b", re.IGNORECASE
)
# Other comments than those that a word processor pastes.
_HIDDEN = re.compile(r"<script\b|<!--(?!(?:Start|End)Fragment|\s*\[|\s*-->)", re.IGNORECASE)


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


@dataclass(frozen=True)
class Place:
    """Where a card is in Anki, for a template that shows it."""

    deck: str = ""
    flag: int = 0


def words_of(
    note: Note,
    note_type: NoteType | None,
    ordinals: Sequence[int],
    image: to_markdown.Image | None = None,
    places: Mapping[int, Place] | None = None,
    *,
    as_one: bool = False,
) -> tuple[list[Words], list[Skipped]]:
    """Return the notes that these cards of a note become, and the cards that are skipped.

    `places` are of the cards, by their ordinals. `as_one` keeps all gaps of a note in one text, as
    earlier versions did.
    """
    if note.is_too_large:
        return [], [Skipped(ordinal, TOO_LARGE) for ordinal in ordinals]
    if note_type is None:
        return [], [Skipped(ordinal, NO_TYPE) for ordinal in ordinals]
    if is_placeholder(note.fields):
        return [], [Skipped(ordinal, PLACEHOLDER) for ordinal in ordinals]
    fields = _fields(note, note_type)
    markdown = functools.partial(to_markdown.convert, image=image)
    if note_type.is_image_occlusion or any(map(occlusion.has_shapes, fields.values())):
        return _occluded(fields, ordinals, image or placeholder, markdown)
    own_note = ""
    if note_type.name.startswith(OWN_PREFIX):
        # In packages exported from here the answer side shows this field too.
        own_note, fields[NOTE_FIELD] = markdown(fields.get(NOTE_FIELD, "")), ""
    make = functools.partial(_cloze, as_one=as_one) if note_type.is_cloze else _templates
    special = functools.partial(_special_fields, note, note_type, places or {})
    try:
        found, skipped = make(note_type, fields, special, ordinals, markdown)
    except templates.TooLong:
        return [], [Skipped(ordinal, TOO_LONG) for ordinal in ordinals]
    if own_note:
        found = [
            dataclasses.replace(words, extra="\n\n".join(filter(None, (own_note, words.extra))))
            for words in found
        ]
    kept = [words for words in found if not _is_too_long(words)]
    for words in found:
        if words not in kept:
            skipped += [Skipped(ordinal, TOO_LONG) for ordinal in words.ordinals]
    return kept, skipped


def _occluded(
    fields: Mapping[str, str],
    ordinals: Sequence[int],
    image: to_markdown.Image,
    markdown: Callable[[str], str],
) -> tuple[list[Words], list[Skipped]]:
    """Return the cards of a note that hides parts of an image: each is a note of its own here."""
    sides = occlusion.sides(fields, ordinals, image, markdown)
    found = [
        Words(str(at or ""), Kind.BASIC, each.question, each.answer, each.extra, {at: 1})
        for at, each in sides.items()
    ]
    return found, [Skipped(at, NO_SHAPE) for at in ordinals if at not in sides]


def is_placeholder(fields: Sequence[str]) -> bool:
    """Tell whether a note is the one that Anki puts into packages for its older versions.

    "Please update to the latest Anki version, then import the .colpkg/.apkg file again.", in the
    language of who exported it (exporting-colpkg-too-new in Anki's translations).
    """
    first, *others = fields
    return (
        "Anki" in first
        and ".colpkg/.apkg" in first
        and len(first) < _PLACEHOLDER_MAX_CHARACTERS
        and not any(map(str.strip, others))
    )


def left_out(note: Note) -> list[str]:
    """Return what of a note no card can have, as reasons for the report."""
    found = [
        reason
        for reason, sign in ((DRAWING, _DRAWING), (VIDEO, _VIDEO), (HIDDEN, _HIDDEN))
        if any(map(sign.search, note.fields))
    ]
    is_cut = any(len(tag) > TAG_MAX_CHARACTERS for tag in note.tags)
    return [*found, TAG_CUT] if is_cut else found


def _fields(note: Note, note_type: NoteType) -> dict[str, str]:
    """Return a note's fields by their names. Fields without a name, or with that of another,
    get a number."""
    found = dict.fromkeys(note_type.fields, "")
    for at, value in enumerate(note.fields):
        name = note_type.fields[at] if at < len(note_type.fields) else ""
        found[name if name and not found.get(name) else f"{name or 'Field'} {at + 1}"] = value
    return found


def _special_fields(
    note: Note, note_type: NoteType, places: Mapping[int, Place], ordinal: int
) -> dict[str, str]:
    """Return what a card's template can show besides the note's fields, as HTML."""
    place = places.get(ordinal, Place())
    names = [each.name for each in note_type.templates if each.ordinal == ordinal]
    if note_type.is_cloze:
        names = [each.name for each in note_type.templates[:1]]
    values = (
        " ".join(note.tags),
        note_type.name,
        place.deck,
        place.deck.rpartition("::")[2],
        next(iter(names), ""),
        f"flag{place.flag}" if place.flag else "",
    )
    return dict(zip(templates.SPECIAL_FIELDS, map(html.escape, values), strict=True))


def mirrored_fields(note_type: NoteType) -> tuple[str, str] | None:
    """Return the two fields of which each is the answer to the other, if there are two such."""
    if note_type.is_cloze or len(note_type.templates) < 2:
        return None
    if note_type.name.startswith(OWN_PREFIX) and len(note_type.fields) > 1:
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


_Special = Callable[[int], dict[str, str]]


def _templates(
    note_type: NoteType,
    fields: Mapping[str, str],
    special: _Special,
    ordinals: Sequence[int],
    markdown: Callable[[str], str],
) -> tuple[list[Words], list[Skipped]]:
    by_ordinal = {template.ordinal: template for template in note_type.templates}
    found: list[tuple[str, Kind, str, str, dict[int, int]]] = []
    skipped: list[Skipped] = []
    # Fields that no card shows are kept in the note field.
    shown, whole = set[str](), set[str]()
    rest = list(ordinals)
    pair = mirrored_fields(note_type)
    both = [template.ordinal for template in note_type.templates[:2]]
    if pair and set(both) <= set(rest):
        question, answer = (markdown(fields.get(name, "")) for name in pair)
        if question and answer:
            numbers = dict(zip(both, (1, 2), strict=True))
            found.append(("", Kind.REVERSED, question, answer, numbers))
            shown |= set(pair)
            whole |= set(pair)
            rest = [ordinal for ordinal in rest if ordinal not in both]
    for ordinal in rest:
        template = by_ordinal.get(ordinal)
        if template is None:
            skipped.append(Skipped(ordinal, NO_TEMPLATE))
            continue
        values = {**special(ordinal), **fields}
        front = templates.front(template.front, values)
        question = markdown(front)
        if not question:
            skipped.append(Skipped(ordinal, VIDEO_FRONT if _VIDEO.search(front) else EMPTY_FRONT))
            continue
        answer = markdown(templates.back(template.back, values, front))
        key = "" if not ordinal else str(ordinal)
        found.append((key, Kind.BASIC, question, answer, {ordinal: 1}))
        read, seen = _shown(template, fields)
        shown |= read
        whole |= seen
    sides = [side for _, _, question, answer, _ in found for side in (question, answer)]
    extra = unshown.texts(fields, shown, whole, sides, markdown)
    return [Words(key, kind, q, a, extra, numbers) for key, kind, q, a, numbers in found], skipped


def _shown(template: Template, fields: Mapping[str, str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the fields that are read on a card, and those that are seen whole."""
    filled = frozenset(name for name, value in fields.items() if not templates.is_empty(value))
    return templates.shown_fields(template.front, template.back, filled)


def _cloze(
    note_type: NoteType,
    fields: Mapping[str, str],
    special: _Special,
    ordinals: Sequence[int],
    markdown: Callable[[str], str],
    *,
    as_one: bool,
) -> tuple[list[Words], list[Skipped]]:
    if not note_type.templates:
        return [], [Skipped(ordinal, NO_TEMPLATE) for ordinal in ordinals]
    template = note_type.templates[0]
    # All cards of a note have the same words here: what is shown of its first card.
    values = {**special(min(ordinals, default=0)), **fields}
    gapped = frozenset(templates.cloze_fields(template.front))
    found: list[Words] = []
    skipped: list[Skipped] = []
    for apart, group in _groups(fields, gapped, ordinals, as_one=as_one).items():
        shown = {**values, **dict.fromkeys(apart, templates.UNSEEN)}
        words, reason = _gapped(template, shown, gapped, markdown)
        present = set(card_ordinals(Kind.CLOZE, words.question)) if words else set()
        numbers = {ordinal: ordinal + 1 for ordinal in group if ordinal + 1 in present}
        skipped += [Skipped(ordinal, reason) for ordinal in group if ordinal not in numbers]
        if words and numbers:
            key = str(min(numbers)) if found else ""
            found.append(dataclasses.replace(words, key=key, ordinals=numbers))
    if found:
        sides = [side for words in found for side in (words.question, words.answer)]
        extra = unshown.texts(fields, *_shown(template, fields), sides, markdown)
        found = [dataclasses.replace(words, extra=extra) for words in found]
    return found, skipped


def _groups(
    fields: Mapping[str, str], gapped: Collection[str], ordinals: Sequence[int], *, as_one: bool
) -> dict[frozenset[str], list[int]]:
    """Return cards by the fields of gaps that they do not show.

    Anki shows such a field only on the cards whose numbers it has: where each field has numbers of
    its own, one shows what another asks.
    """
    numbers = {name: set(cloze_ordinals(fields.get(name, ""))) for name in gapped}
    groups: dict[frozenset[str], list[int]] = {}
    for ordinal in sorted(ordinals):
        without = (name for name, found in numbers.items() if found and ordinal + 1 not in found)
        apart = frozenset(() if as_one else without)
        is_anywhere = any(ordinal + 1 in found for found in numbers.values())
        groups.setdefault(apart if is_anywhere else frozenset(), []).append(ordinal)
    return groups


def _gapped(
    template: Template,
    values: Mapping[str, str],
    gapped: Collection[str],
    markdown: Callable[[str], str],
) -> tuple[Words | None, str]:
    """Return a text with gaps and what follows it, or None; and why a card of it is skipped."""
    front = templates.front(template.front, values)
    question = markdown(front)
    if not question:
        return None, VIDEO_FRONT if _VIDEO.search(front) else EMPTY_FRONT
    if len(question) > SIDE_MAX_CHARACTERS:
        return None, TOO_LONG
    # The answer side repeats the whole text. What it shows where the text is not empty is kept.
    without = {
        name: value if name not in gapped or templates.is_empty(value) else templates.UNSEEN
        for name, value in values.items()
    }
    blank = templates.front(template.front, without)
    answer = markdown(templates.back(template.back, without, blank))
    if to_markdown.plain(blank) and answer.startswith(markdown(blank)):
        answer = answer[len(markdown(blank)) :].strip()
    return Words("", Kind.CLOZE, question, answer, "", {}), NO_GAP


def _is_too_long(words: Words) -> bool:
    texts = map(without_addresses, (words.question, words.answer, words.extra))
    return max(map(len, texts)) > SIDE_MAX_CHARACTERS or (
        words.kind is Kind.CLOZE and sum(1 for _ in cloze.all_deletions(words.question)) > GAPS_MOST
    )
