"""The images that imported notes show: stored once each, and what could not be taken told.

Until a note is known to be new or changed, an image in its words is held by its name alone: so a
note is the same note whether or not its package has the media.
"""

import base64
import binascii
import re
from collections import Counter
from datetime import datetime
from urllib.parse import unquote
from uuid import UUID

from flashcards.cards import media
from flashcards.exchange.anki.package import BadPackage, Package
from flashcards.exchange.html.inline import escape

AUDIO = {"mp3", "ogg", "oga", "opus", "wav", "m4a", "aac", "flac", "spx", "3gp", "wma"}
VIDEO = {"mp4", "webm", "mkv", "avi", "mov", "mpg", "mpeg", "ogv", "flv", "m4v", "wmv"}
IMAGES = {"png", "jpg", "jpeg", "gif", "webp"}
_HELD = re.compile("!\\[(?P<alt>(?:[^\\]\\\\]|\\\\.)*)\\]\\(\ue010(?P<source>[^\ue011]*)\ue011\\)")
_STORED = re.compile(r"/media/([0-9a-f]{64}\.[a-z]+)")
NO_FILE = "the image is not in the package"
_DATA = re.compile(r"data:image/[a-z+]+;base64,([A-Za-z0-9+/=\s]+)", re.IGNORECASE)


def kind_of(name: str) -> str:
    """Return "images", "audio", "video" or "other" for a file of a package."""
    extension = name.rpartition(".")[2].lower()
    for kind, extensions in (("images", IMAGES), ("audio", AUDIO), ("video", VIDEO)):
        if extension in extensions:
            return kind
    return "other"


def held(source: str, alt: str) -> str:
    """Return the Markdown of an image by its name in a package, for `Pictures.resolve`."""
    words = escape(" ".join(alt.split()))
    return f"![{words}](\ue010{source}\ue011)"


class Pictures:
    """Puts addresses in the place of names; an image is stored the first time it is met."""

    def __init__(self, owner_id: UUID, package: Package | None, now: datetime) -> None:
        self._owner_id = owner_id
        self._package = package
        self._now = now
        self._names: dict[str, str] = {}
        # What became of them, for the report.
        self.stored = 0
        self.refused: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def resolve(self, text: str) -> str:
        """Return Markdown with the addresses of its images, or their names where there is none."""
        for name in set(_STORED.findall(text)):
            # Written here once: the package has the image by the name that it had here.
            self._address(name)
        return _HELD.sub(self._shown, text)

    def _shown(self, match: re.Match[str]) -> str:
        source, alt = match["source"], match["alt"]
        if re.match(r"https?://", source, re.IGNORECASE):
            address = re.sub(r"[\s()<>]", lambda found: f"%{ord(found[0]):02X}", source)
            return f"![{alt}]({address})"
        address = self._address(source)
        if address:
            return f"![{alt}]({address})"
        name = "embedded image" if source.startswith("data:") else source[:200]
        return f"[image: {escape(name)}]"

    def _address(self, source: str) -> str:
        if source not in self._names:
            self._names[source] = self._taken(source)
        return self._names[source]

    def _taken(self, source: str) -> str:
        """Return the address of an image, stored now; "" if it cannot be taken."""
        if media.find(owner_id=self._owner_id, name=source) is not None:
            return f"/media/{source}"
        try:
            content = self._content(source)
        except BadPackage as error:
            return self._refuse(source, error.sentence)
        if content is None:
            return self._refuse(source, NO_FILE)
        try:
            image = media.store(owner_id=self._owner_id, content=content, now=self._now)
        except media.BadImage as error:
            return self._refuse(source, error.sentence)
        self.stored += 1
        return f"/media/{image.name}"

    def _content(self, source: str) -> bytes | None:
        embedded = _DATA.fullmatch(source)
        if embedded:
            try:
                return base64.b64decode(embedded[1])
            except (binascii.Error, ValueError):
                return None
        if self._package is None:
            return None
        for name in (source, unquote(source)):
            content = self._package.read_media(name, most=media.IMAGE_MAX_BYTES)
            if content is not None:
                return content
        return None

    def _refuse(self, source: str, reason: str) -> str:
        self.refused[reason] += 1
        examples = self.examples.setdefault(reason, [])
        if len(examples) < 5:
            examples.append(source[:80])
        return ""
