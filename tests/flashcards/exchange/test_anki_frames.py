"""Entries that zstd compressed: several frames are one file, and one that is cut off is damaged."""

import operator
import zipfile
from collections.abc import Callable
from pathlib import Path

import zstandard

from accounts.models import User
from flashcards.exchange.anki.package import DAMAGED, BadPackage
from tests import sounds
from tests.flashcards.exchange.anki_packages import Package
from tests.flashcards.exchange.test_anki_import import ImportTestCase, png

_SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00what"


def frames(content: bytes) -> bytes:
    """Return content as an empty frame, two frames with it, and one that says nothing."""
    half = len(content) // 2
    first, second = content[:half], content[half:]
    return b"".join(map(zstandard.compress, (b"", first, second))) + _SKIPPABLE


class FrameTests(ImportTestCase):
    def package(self) -> Path:
        package = Package(media={"whole.png": png(), "sound.wav": sounds.wav(seconds=60)})
        package.basic("<img src='whole.png'>", "a [sound:sound.wav]")
        return package.write(self.folder / "deck.apkg", "anki21b")

    def changed(self, entry: str, change: Callable[[bytes], bytes]) -> bytes:
        """Return the package with another content of one entry."""
        path, target = self.package(), self.folder / "changed.apkg"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                new.writestr(name, change(content) if name == entry else content)
        return target.read_bytes()

    def test_several_frames_are_one_file(self) -> None:
        for entry in ("collection.anki21b", "media", "0", "1"):
            with self.subTest(entry):
                content = self.changed(entry, lambda data: frames(zstandard.decompress(data)))
                owner = User.objects.create_user(f"{entry}@example.org", "correct horse battery")
                report = self.take(self.receive("deck.apkg", content, owner))
                self.assertEqual((report["images"], report["sounds"]), (1, 1))
                self.assertEqual(report["left_out"], {})

    def test_a_collection_or_a_map_that_is_cut_off_is_refused(self) -> None:
        for entry, cut in (("collection.anki21b", 1), ("collection.anki21b", 100), ("media", 1)):
            content = self.changed(entry, operator.itemgetter(slice(-cut)))
            with self.subTest((entry, cut)), self.assertRaises(BadPackage) as caught:
                self.receive("deck.apkg", content)
            self.assertEqual(caught.exception.sentence, DAMAGED)

    def test_a_medium_that_is_cut_off_is_named_as_left_out(self) -> None:
        content = self.changed("1", lambda data: data[:-1])
        report = self.take(self.receive("deck.apkg", content))
        self.assertEqual((report["imported"], report["images"], report["sounds"]), (1, 1, 0))
        examples = [each["examples"] for each in report["left_out"].values()]
        self.assertEqual(examples, [["sound.wav"]])
