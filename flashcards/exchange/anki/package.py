"""An Anki package (.apkg, .colpkg): a ZIP with a SQLite database and the media of its notes.

There are three generations: `collection.anki2`, `collection.anki21`, and `collection.anki21b`,
which is compressed with zstd, as are its media. A package is untrusted: nothing is unpacked beyond
a limit, and no name in it becomes a path.
"""

import io
import json
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

import zstandard

from flashcards.domain.validation import CardError
from flashcards.exchange.anki import protobuf
from memoryloop.storable import storable

COLLECTION_MAX_BYTES = 2 * 1024**3
# The table of contents of a ZIP is read into memory: enough for some 400,000 files.
DIRECTORY_MAX_BYTES = 40 * 1024**2
MEDIA_MAP_MAX_BYTES = 64 * 1024**2
# The window of zstd; Anki's packages need 8 MB at most.
_WINDOW_MAX_BYTES = 128 * 1024**2
_PIECE_BYTES = 1024 * 1024
# So much is given to zstd at once: four bytes may become 128 KB, this much 32 MB.
_PACKED_BYTES = 1024
# The versions in the entry "meta" that are known, as in Anki's import_export.proto.
_VERSIONS = (1, 2, 3)
_META_MAX_BYTES = 64 * 1024
_COLLECTIONS = ("collection.anki21b", "collection.anki21", "collection.anki2")
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    zstandard.ZstdError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,  # a password
    UnicodeDecodeError,  # a name that is marked as UTF-8
    struct.error,
)

DAMAGED = "This Anki package is damaged. Export it from Anki once more and try again."
_NOT_A_PACKAGE = (
    "This is not an Anki package. In Anki, choose File, then Export, and "
    "“Anki Deck Package (.apkg)”."
)
TOO_NEW = (
    "This package was made by a version of Anki that is newer than MemoryLoop can read. In Anki, "
    "export it again with “Support older Anki versions” ticked."
)


class BadPackage(CardError):
    """A file cannot be imported."""


class Package:
    """An open package. `compressed` tells whether its media are compressed."""

    def __init__(self, path: Path) -> None:
        """Open a package. Raises BadPackage."""
        _check_directory(path)
        try:
            self._zip = zipfile.ZipFile(path)
        except _ZIP_ERRORS as error:
            raise BadPackage(_NOT_A_PACKAGE) from error
        try:
            self._collection = self._find_collection()
        except BaseException:
            self._zip.close()
            raise
        self.compressed = self._collection == "collection.anki21b"
        self._entries: dict[str, str] | None = None

    def __enter__(self) -> "Package":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def _find_collection(self) -> str:
        """Return the entry with the newest database. Raises BadPackage."""
        names = set(self._zip.namelist())
        if "meta" in names:
            # Nothing but Anki's own meta says which version it is, not even the names of entries.
            data = b"".join(self._pieces("meta", _META_MAX_BYTES, compressed=False))
            try:
                version = protobuf.first(data, 1)
            except ValueError as error:
                raise BadPackage(DAMAGED) from error
            if version not in _VERSIONS:
                raise BadPackage(TOO_NEW)
        found = next((name for name in _COLLECTIONS if name in names), "")
        if not found:
            is_newer = any(name.startswith("collection.anki") for name in names)
            raise BadPackage(TOO_NEW if is_newer else _NOT_A_PACKAGE)
        return found

    def unpack_collection(self, target: Path, *, most: int = COLLECTION_MAX_BYTES) -> None:
        """Write the database to a file. Raises BadPackage."""
        with target.open("wb") as file:
            for piece in self._pieces(self._collection, most, compressed=self.compressed):
                file.write(piece)

    @property
    def media(self) -> dict[str, str]:
        """Return the names of ZIP entries by the media's names, in NFC. Raises BadPackage."""
        if self._entries is None:
            self._entries = self._read_media_map()
        return self._entries

    def read_media(self, name: str, *, most: int) -> bytes | None:
        """Return a file's content; None if it is not there. Raises BadPackage, also if too large"""
        # A note may have it in another form of Unicode than the map, as macOS writes file names.
        entry = self.media.get(unicodedata.normalize("NFC", name))
        if entry is None:
            return None
        return b"".join(self._pieces(entry, most, compressed=self.compressed))

    def _read_media_map(self) -> dict[str, str]:
        if "media" not in self._zip.namelist():
            return {}
        pieces = self._pieces("media", MEDIA_MAP_MAX_BYTES, compressed=self.compressed)
        data = b"".join(pieces)
        present = set(self._zip.namelist())
        try:
            pairs = _new_media_map(data) if self.compressed else _old_media_map(data)
            return {
                unicodedata.normalize("NFC", name): entry
                for name, entry in pairs
                if entry in present
            }
        except (ValueError, AttributeError, RecursionError) as error:
            raise BadPackage(DAMAGED) from error

    def _pieces(self, entry: str, most: int, *, compressed: bool) -> Iterator[bytes]:
        """Yield a file's content up to a limit. Raises BadPackage beyond it."""
        length = 0
        try:
            with self._zip.open(entry) as packed:
                for piece in _unpacked(packed) if compressed else _read(packed, _PIECE_BYTES):
                    length += len(piece)
                    if length > most:
                        raise BadPackage(
                            f"“{entry}” in this package unpacks to more than "
                            f"{most // 1024**2:,} MB, which is the limit."
                        )
                    yield piece
        except (*_ZIP_ERRORS, KeyError) as error:
            raise BadPackage(DAMAGED) from error


def _read(file: IO[bytes], size: int) -> Iterator[bytes]:
    while piece := file.read(size):
        yield piece


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what the frames of zstd in a file hold. Raises EOFError where the last is cut off.

    `stream_reader` of zstandard takes a frame that is cut off for a whole one.
    """
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW_MAX_BYTES)
    frame = None
    for packed in _read(file, _PACKED_BYTES):
        rest = packed
        while rest:
            frame = frame or unpacker.decompressobj()
            yield frame.decompress(rest)
            rest = b""
            if frame.eof:
                rest, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError


def _old_media_map(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield (name, entry) of {"0": "cell.png", …}."""
    for entry, name in json.loads(data or b"{}").items():
        if isinstance(name, str):
            yield storable(name), entry


def _new_media_map(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield (name, entry) of a message of entries; the n-th file is called n."""
    entries = [value for number, value in protobuf.fields(data) if number == 1]
    for position, value in enumerate(entries):
        if isinstance(value, bytes):
            given = protobuf.first(value, 255)
            yield protobuf.text(value, 1), str(given if isinstance(given, int) else position)


def _check_directory(path: Path) -> None:
    """Refuse a ZIP whose table of contents alone would fill the memory. Raises BadPackage."""
    with path.open("rb") as file:
        size = _directory_bytes(file)
    if size is None:
        raise BadPackage(_NOT_A_PACKAGE)
    if size > DIRECTORY_MAX_BYTES:
        raise BadPackage("This package has more files in it than can be read.")


def _directory_bytes(file: BinaryIO) -> int | None:
    """Return the length of the ZIP's table of contents from its end record; None without one."""
    end = file.seek(0, io.SEEK_END)
    tail_start = max(0, end - 65_557)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        return None
    size: int = struct.unpack("<I", tail[at + 12 : at + 16])[0]
    locator = tail[at - 20 : at] if at >= 20 else b""
    if locator.startswith(b"PK\x06\x07"):
        file.seek(min(struct.unpack("<Q", locator[8:16])[0], end))
        record = file.read(56)
        if len(record) == 56 and record.startswith(b"PK\x06\x06"):
            long: int = struct.unpack("<Q", record[40:48])[0]
            return long
    return size


def write_media_map(names: list[str]) -> bytes:
    """Return the map of media in the format that every version of Anki reads."""
    numbered: dict[str, Any] = {str(number): name for number, name in enumerate(names)}
    return json.dumps(numbered, ensure_ascii=False).encode()
