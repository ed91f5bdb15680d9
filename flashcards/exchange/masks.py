"""Images with parts painted over: by a name that says what is painted, and then as a file."""

import io
import json
import math
from collections.abc import Sequence
from typing import NamedTuple

import PIL.Image
import PIL.ImageDraw
import PIL.ImageOps

from flashcards.cards import media_kinds
from flashcards.cards.media_kinds import BadMedia

KINDS = ("rect", "ellipse", "polygon")
# What is asked, what is hidden besides, and the edge of both: Anki's colours.
_ASKED, _HIDDEN, _EDGE = "#ff8e8e", "#ffeba2", "#212121"
# Between the name of an image and what is painted over it.
_MARK = "\ue012"
# A larger image is made smaller: each card has one of its own.
_SIDE_MOST = 2_000
_QUALITY = 85
_CORNERS_OF_ELLIPSE = 72


class Mask(NamedTuple):
    """A shape. Lengths are fractions of the image's width or height, the angle of a turn."""

    kind: str
    left: float
    top: float
    width: float
    height: float
    angle: float
    # Of a polygon.
    points: Sequence[Sequence[float]] = ()


def named(source: str, hidden: Sequence[Mask], asked: Sequence[Mask]) -> str:
    """Return the name of an image with these parts painted over; its own if there are none."""
    if not hidden and not asked:
        return source
    return f"{source}{_MARK}{json.dumps([hidden, asked], separators=(',', ':'))}"


def parted(name: str) -> tuple[str, str]:
    """Return the name of the image itself, and what is painted over it, "" if nothing is."""
    source, _, masks = name.partition(_MARK)
    return source, masks


def painted(content: bytes, masks: str) -> bytes:
    """Return an image with what a name says painted over it, as WebP. Raises BadMedia."""
    if media_kinds.inspect(content).is_sound:
        raise BadMedia("A sound has no parts that could be hidden.")
    with PIL.Image.open(io.BytesIO(content)) as opened:
        upright = _with_eight_bits(PIL.ImageOps.exif_transpose(opened)).convert("RGBA")
    upright.thumbnail((_SIDE_MOST, _SIDE_MOST))
    image = PIL.Image.new("RGB", upright.size, "white")
    image.paste(upright, mask=upright)
    draw = PIL.ImageDraw.Draw(image)
    try:
        for colour, shapes in zip((_HIDDEN, _ASKED), json.loads(masks), strict=True):
            for shape in shapes:
                draw.polygon(_corners(Mask(*shape), image.size), fill=colour, outline=_EDGE)
    except (ValueError, TypeError, RecursionError):
        # A package may have any name, also one that looks like ours.
        raise BadMedia("What is hidden of the image cannot be read.") from None
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=_QUALITY)
    return stream.getvalue()


def _with_eight_bits(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return an image of 16 bits a pixel, as of an X-ray, as grey. Pillow makes all of it white."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda level: level * (1 / 256)).convert("L")


def _corners(mask: Mask, size: tuple[int, int]) -> list[tuple[float, float]]:
    """Return the corners of a shape in pixels."""
    width, height = size
    left, top = mask.left * width, mask.top * height
    across, down = mask.width * width, mask.height * height
    if mask.kind == "polygon":
        # They are moved so that they begin at the left and the top.
        points = [(x * width, y * height) for x, y in mask.points]
        first = min((x for x, _ in points), default=0.0), min((y for _, y in points), default=0.0)
        within = [(x - first[0], y - first[1]) for x, y in points]
    elif mask.kind == "ellipse":
        turns = [2 * math.pi * at / _CORNERS_OF_ELLIPSE for at in range(_CORNERS_OF_ELLIPSE)]
        within = [
            (across / 2 * (1 + math.cos(turn)), down / 2 * (1 + math.sin(turn))) for turn in turns
        ]
    else:
        within = [(0.0, 0.0), (across, 0.0), (across, down), (0.0, down)]
    cos, sin = math.cos(2 * math.pi * mask.angle), math.sin(2 * math.pi * mask.angle)
    return [(left + x * cos - y * sin, top + x * sin + y * cos) for x, y in within]
