"""Images of imported notes: stored once each, and reported if they cannot be stored.

Until a note is known to be new or changed, its words have a placeholder with the image's name: a
note is the same whether or not its package has the media.
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
_PLACEHOLDER = re.compile(
    "!\\[(?P<alt>(?:[^\\[\\]\\\\]|\\\\.)*)\\]\\(\ue010(?P<source>[^\ue010\ue011]*)\ue011\\)"
)
_STORED = re.compile(r"/media/([0-9a-f]{64}\.[a-z]+)")
_ADDRESS = re.compile("\ue010[^\ue010\ue011]*\ue011")
NO_FILE = "the image is not in the package"
_DATA = re.compile(r"data:image/[a-z+]+;base64,([A-Za-z0-9+/=\s]+)", re.IGNORECASE)


def kind_of(name: str) -> str:
    """Return "images", "audio", "video" or "other" for a file of a package."""
    extension = name.rpartition(".")[2].lower()
    for kind, extensions in (("images", IMAGES), ("audio", AUDIO), ("video", VIDEO)):
        if extension in extensions:
            return kind
    return "other"


def placeholder(source: str, alt: str) -> str:
    """Return Markdown with an image's name in a package, which `Pictures.resolve` replaces."""
    words = escape(" ".join(alt.replace("[", "(").replace("]", ")").split()))
    return f"![{words}](\ue010{source}\ue011)"


def without_addresses(text: str) -> str:
    """Return Markdown without the names of its images in a package, which may be whole images."""
    return _ADDRESS.sub("", text) if "\ue010" in text else text


class Pictures:
    """Replaces placeholders by addresses; stores an image when it first occurs."""

    def __init__(self, owner_id: UUID, package: Package | None, now: datetime) -> None:
        self._owner_id = owner_id
        self._package = package
        self._now = now
        self._names: dict[str, str] = {}
        # Counts for the report.
        self.stored = 0
        self.refused: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def resolve(self, text: str) -> str:
        """Return Markdown with the addresses of its images, or the name of an image without one."""
        for name in set(_STORED.findall(text)):
            # Exported from here: the package has the image under its file name here.
            self._address(name)
        return _PLACEHOLDER.sub(self._shown, text)

    def _shown(self, match: re.Match[str]) -> str:
        source, alt = match["source"], match["alt"]
        if re.match(r"https?://", source, re.IGNORECASE):
            address = re.sub(r"[\s()<>]", lambda found: f"%{ord(found[0]):02X}", source)
            return f"![{alt}]({address})"
        address = self._address(source)
        if address:
            return f"![{alt}]({address})"
        name = "embedded image" if source.startswith("data:") else source[:200]
        return f"[image: {f'{alt}, ' if alt else ''}{escape(name)}]"

    def _address(self, source: str) -> str:
        if source not in self._names:
            self._names[source] = self._store(source)
        return self._names[source]

    def _store(self, source: str) -> str:
        """Store an image and return its address; "" if it cannot be stored."""
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
