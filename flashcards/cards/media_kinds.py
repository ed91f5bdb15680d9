"""What a file on a card is: an image that decodes, or a sound that browsers play.

Its content decides, not its name or declared type.
"""

import io
import re
import warnings
from dataclasses import dataclass

import PIL
import PIL.Image

from flashcards.domain.validation import CardError

MAX_BYTES = 10 * 1024 * 1024
# 40 megapixels decode to 160 MB at most.
PIXELS_MOST = 40_000_000
FRAMES_MOST = 500
IMAGES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
SOUNDS = {
    "mp3": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/wav", "m4a": "audio/mp4",
    "aac": "audio/aac", "flac": "audio/flac", "webm": "audio/webm",
}  # fmt: skip
TYPES = {**IMAGES, **SOUNDS}
# By Pillow's name of the format.
_EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp"}
# How the files of each kind begin. The MPEG frames of mp3 are of layer III, those of aac of none.
_BEGINNINGS = {
    "mp3": re.compile(rb"ID3[\x02-\x04]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"),
    "aac": re.compile(rb"\xff[\xf0\xf1\xf8\xf9]|ADIF"),
    "ogg": re.compile(rb"OggS\x00"),
    "wav": re.compile(rb"RIFF.{4}WAVE", re.DOTALL),
    "flac": re.compile(rb"fLaC"),
    "m4a": re.compile(rb".{4}ftyp", re.DOTALL),
    "webm": re.compile(rb"\x1a\x45\xdf\xa3"),
}
# What the headers of a file with moving pictures have besides.
_MOVING = {
    "m4a": re.compile(rb"hdlr.{8}vide", re.DOTALL),
    "webm": re.compile(rb"V_(?:VP8|VP9|AV1|MPEG|THEORA)"),
    "ogg": re.compile(rb"\x80theora"),
}
UNKNOWN = (
    "This is not an image (PNG, JPEG, GIF, WebP) or a sound (MP3, Ogg, WAV, M4A, AAC, FLAC, WebM), "
    "or it is damaged. Save it as one of these and try again."
)
VIDEO = "This is a video: cards can have images and sounds."


class BadMedia(CardError):
    """A file cannot be used as an image or a sound on a card."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is; width and height are an image's, in pixels."""

    extension: str
    width: int = 0
    height: int = 0

    @property
    def is_sound(self) -> bool:
        return self.extension in SOUNDS


def inspect(content: bytes) -> Kind:
    """Return what a file is. Raises BadMedia."""
    if len(content) > MAX_BYTES:
        raise BadMedia(too_big(len(content)))
    if not content:
        raise BadMedia("The file is empty: choose an image or a sound.")
    for extension, beginning in _BEGINNINGS.items():
        if not beginning.match(content):
            continue
        if extension in _MOVING and _MOVING[extension].search(content):
            raise BadMedia(VIDEO)
        return Kind(extension)
    return _image(content)


def too_big(size_bytes: int) -> str:
    return (
        f"The file has {size_bytes / 1024 / 1024:,.0f} MB, and the limit is "
        f"{MAX_BYTES // 1024 // 1024} MB."
    )


def _image(content: bytes) -> Kind:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with PIL.Image.open(io.BytesIO(content), formats=list(_EXTENSIONS)) as image:
                form, (width, height) = str(image.format), image.size
                if width * height > PIXELS_MOST or getattr(image, "n_frames", 1) > FRAMES_MOST:
                    raise BadMedia(
                        f"The image has {width:,} by {height:,} points, which is too many: make "
                        "it smaller and try again."
                    )
                image.verify()
            # `verify` does not decode: the image is opened again to read the first frame's pixels.
            with PIL.Image.open(io.BytesIO(content), formats=[form]) as image:
                image.load()
    except BadMedia:
        raise
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning):
        raise BadMedia("The image has too many pixels: make it smaller and try again.") from None
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, ArithmeticError):
        raise BadMedia(UNKNOWN) from None
    except (MemoryError, RuntimeError, EOFError, AttributeError, Warning):
        raise BadMedia(UNKNOWN) from None
    return Kind(_EXTENSIONS[form], width, height)
