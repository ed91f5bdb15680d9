"""Images and sounds of imported notes: stored once each, and reported if they cannot be stored.

Until a note is known to be new or changed, its words have a placeholder with the file's name: a
note is the same whether or not its package has the media.
"""

import base64
import binascii
import re
from collections import Counter
from datetime import datetime
from urllib.parse import unquote
from uuid import UUID

from flashcards.cards import media, media_kinds
from flashcards.cards.media_kinds import BadMedia
from flashcards.exchange import masks
from flashcards.exchange.anki.package import DAMAGED, BadPackage, Package
from flashcards.exchange.html.file_names import kind_of
from flashcards.exchange.html.inline import escape

_PLACEHOLDER = re.compile(
    "!\\[(?P<alt>(?:[^\\[\\]\\\\]|\\\\.)*)\\]\\(\ue010(?P<source>[^\ue010\ue011]*)\ue011\\)"
)
_STORED = re.compile(r"/media/([0-9a-f]{64}\.[a-z0-9]+)")
_ADDRESS = re.compile("\ue010[^\ue010\ue011]*\ue011")
NO_FILE = "the image is not in the package"
FILE_DAMAGED = "its file in the package is damaged"
NO_SOUND = "the sound is not in the package; the words beside it are there"
# An image of another host is not kept.
_FILE = re.compile("\\]\\((?:\ue010(?!https?://)|/media/)", re.IGNORECASE)
_DATA = re.compile(r"data:image/[a-z+]+;base64,([A-Za-z0-9+/=\s]+)", re.IGNORECASE)


def placeholder(source: str, alt: str) -> str:
    """Return Markdown with the name of an image or a sound in a package.

    `PackageMedia.resolve` replaces it.
    """
    words = escape(" ".join(alt.replace("[", "(").replace("]", ")").split()))
    return f"![{words}](\ue010{source}\ue011)"


def without_addresses(text: str) -> str:
    """Return Markdown without the names of its files in a package, which may be whole images."""
    return _ADDRESS.sub("", text) if "\ue010" in text else text


def count_files(text: str) -> int:
    """Return how many images and sounds a text has, or has the names of."""
    return len(_FILE.findall(text)) if "](" in text else 0


def addresses(text: str) -> set[str]:
    """Return the names of the files in a package that Markdown shows."""
    return set(_ADDRESS.findall(text)) if "\ue010" in text else set()


class PackageMedia:
    """Replaces placeholders by addresses; stores a file when it first occurs."""

    def __init__(self, owner_id: UUID, package: Package | None, now: datetime) -> None:
        self._owner_id = owner_id
        self._package = package
        self._now = now
        self._names: dict[str, str] = {}
        # Counts for the report.
        self.images = self.sounds = 0
        self.refused: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def resolve(self, text: str) -> str:
        """Return Markdown with the addresses of its files.

        An image without a file becomes its name; so does a sound where there is nothing else.
        """
        for name in set(_STORED.findall(text)):
            # Exported from here: the package has the image under its file name here.
            self._address(name)
        resolved = _PLACEHOLDER.sub(self._shown, text).strip()
        if text.strip() and not resolved:
            return _PLACEHOLDER.sub(lambda match: _name(match, "sound"), text)
        return resolved

    def _shown(self, match: re.Match[str]) -> str:
        source, alt = match["source"], match["alt"]
        if re.match(r"https?://", source, re.IGNORECASE):
            address = re.sub(r"[\s()<>]", lambda found: f"%{ord(found[0]):02X}", source)
            return f"![{alt}]({address})"
        address = self._address(source)
        if address:
            return f"![{alt}]({address})"
        return "" if kind_of(source) == "audio" else _name(match, "image")

    def _address(self, source: str) -> str:
        if source not in self._names:
            self._names[source] = self._store(source)
        return self._names[source]

    def _store(self, source: str) -> str:
        """Store a file and return its address; "" if it cannot be stored."""
        if media.find(owner_id=self._owner_id, name=source) is not None:
            return f"/media/{source}"
        name, covered = masks.parted(source)
        try:
            content = self._content(name)
        except BadPackage as error:
            return self._refuse(name, FILE_DAMAGED if error.sentence == DAMAGED else error.sentence)
        if content is None:
            return self._refuse(name, NO_SOUND if kind_of(name) == "audio" else NO_FILE)
        try:
            if covered:
                content = masks.painted(content, covered)
            file = media.store(owner_id=self._owner_id, content=content, now=self._now)
        except BadMedia as error:
            return self._refuse(name, error.sentence)
        is_sound = file.extension in media_kinds.SOUNDS
        self.sounds += is_sound
        self.images += not is_sound
        return f"/media/{file.name}"

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
            content = self._package.read_media(name, most=media_kinds.MAX_BYTES)
            if content is not None:
                return content
        return None

    def _refuse(self, source: str, reason: str) -> str:
        self.refused[reason] += 1
        examples = self.examples.setdefault(reason, [])
        if len(examples) < 5:
            examples.append(source[:80])
        return ""


def _name(match: re.Match[str], what: str) -> str:
    """Return what stands in the place of a file that is not there."""
    source, alt = masks.parted(match["source"])[0], match["alt"]
    name = f"embedded {what}" if source.startswith("data:") else source[:200]
    return f"[{what}: {f'{alt}, ' if alt else ''}{escape(name)}]"
