"""Image occlusion: Anki's notes that hide parts of an image, as cards that ask by a painted one.

Each number of the field of shapes is a card. Its question is the image with the shapes of that
number painted over, and with all others where the note hides all; its answer has the shapes of that
number taken away. The names of the painted images say what is painted (see `masks`), so that a note
is the same whether or not its package has the media.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flashcards.exchange.html import inline, to_markdown
from flashcards.exchange.masks import KINDS, Mask, named

_SHAPE = re.compile(r"\{\{c([\d,]{1,100})::image-occlusion:([a-z]+)((?:(?!\}\}).)*)", re.DOTALL)
# A colon in a value is escaped.
_PROPERTY = re.compile(r":([a-z]+)=((?:[^:\\]|\\.)*)")
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)
_SHAPES_MOST = 500

Image = Callable[[str, str], str]


@dataclass(frozen=True)
class Sides:
    """The words of one card."""

    question: str
    answer: str
    extra: str


@dataclass(frozen=True)
class _Shape:
    numbers: frozenset[int]
    mask: Mask
    # Whether it is hidden on the other cards of the note as well.
    hides_always: bool


def has_shapes(field: str) -> bool:
    return _SHAPE.search(field) is not None


def sides(
    fields: Mapping[str, str], ordinals: Sequence[int], image: Image, markdown: Callable[[str], str]
) -> dict[int, Sides]:
    """Return the cards of a note by their ordinals; those without a shape or an image are absent.

    `fields` are in the order of the note's type: shapes, image, header, what the answer shows
    besides, and comments.
    """
    names = list(fields)
    drawn = next((name for name in names if has_shapes(fields[name])), None)
    shown = next((name for name in names if name != drawn and _IMAGE.search(fields[name])), None)
    if drawn is None or shown is None:
        return {}
    sources: list[str] = []

    def note(source: str, _: str) -> str:
        sources.append(source)
        return ""

    to_markdown.convert(fields[shown], note)
    if not sources:
        return {}
    shapes, labels = _shapes(fields[drawn])
    others = [name for name in names if name not in (drawn, shown)]
    header, back, *rest = [*(markdown(fields[name]) for name in others), "", ""]
    notes = [
        f"**{inline.escape(name)}:** {text}"
        for name, text in zip(others[2:], rest, strict=False)
        if text
    ]
    words = "\n\n".join(map(inline.escape, labels))
    found = {}
    for ordinal in ordinals:
        asked = [shape for shape in shapes if ordinal + 1 in shape.numbers]
        if not asked:
            continue
        hidden = [
            shape.mask
            for shape in shapes
            if shape.hides_always and ordinal + 1 not in shape.numbers
        ]
        question = image(named(sources[0], hidden, [shape.mask for shape in asked]), "")
        answer = image(named(sources[0], hidden, []), "")
        found[ordinal] = Sides(
            "\n\n".join(filter(None, (header, question, words))),
            "\n\n".join(filter(None, (answer, back))),
            "\n\n".join(notes),
        )
    return found


def _shapes(field: str) -> tuple[list[_Shape], list[str]]:
    """Return the shapes of a field, and the texts that stand on its image."""
    shapes, labels = [], []
    for numbers, kind, rest in _SHAPE.findall(field)[:_SHAPES_MOST]:
        given = {name: re.sub(r"\\(.)", r"\1", value) for name, value in _PROPERTY.findall(rest)}
        if kind == "text":
            labels.append(to_markdown.plain(given.get("text", "")))
            continue
        if kind not in KINDS:
            continue
        mask = _mask(kind, given)
        if not (len(mask.points) > 2 if kind == "polygon" else mask.width * mask.height):
            continue
        belongs = frozenset(int(number) for number in numbers.split(",") if number)
        shapes.append(_Shape(belongs, mask, given.get("oi") == "1"))
    return shapes, list(filter(None, labels))


def _mask(kind: str, given: Mapping[str, str]) -> Mask:
    """Return a shape; what cannot be read is 0."""
    sizes = ("rx", "ry") if kind == "ellipse" else ("width", "height")
    left, top, across, down, angle = (
        _number(given.get(name, "")) for name in ("left", "top", *sizes, "angle")
    )
    if kind == "ellipse":
        across, down = 2 * across, 2 * down
    pairs = (pair.partition(",") for pair in given.get("points", "").split())
    points = tuple((_number(x), _number(y)) for x, _, y in pairs)
    return Mask(kind, left, top, across, down, angle, points)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    # Neither endless nor far outside of the image.
    return round(number, 4) if -10 < number < 10 else 0.0
