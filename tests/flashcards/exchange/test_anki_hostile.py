"""Files that mean harm: nothing hangs, nothing fills the disk, nothing is run."""

import contextlib
import sqlite3
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

import zstandard

from flashcards.exchange.anki import package as packages
from flashcards.exchange.anki.collection import Collection
from flashcards.exchange.anki.package import BadPackage
from flashcards.exchange.anki.protobuf import BadMessage, fields
from flashcards.exchange.html.to_markdown import convert
from tests.flashcards.exchange.anki_packages import Package


class HostileTestCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def zipped(self, **entries: bytes) -> Path:
        path = self.folder / "x.apkg"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, content in entries.items():
                bundle.writestr(name.replace("__", "."), content)
        return path

    def refuse(self, path: Path, **limits: int) -> str:
        with self.assertRaises(BadPackage) as caught, packages.Package(path) as package:
            package.unpack_collection(self.folder / "out", **limits)
        return caught.exception.sentence


class PackageTests(HostileTestCase):
    def test_what_unpacks_to_too_much_is_stopped(self) -> None:
        zeros = bytes(5_000_000)
        bomb = self.zipped(collection__anki2=zeros)
        self.assertLess(bomb.stat().st_size, 50_000)
        self.assertIn("unpacks to more than", self.refuse(bomb, most=1_000_000))
        self.assertLessEqual((self.folder / "out").stat().st_size, 1_000_000)
        bomb = self.zipped(collection__anki21b=zstandard.compress(zeros))
        self.assertIn("unpacks to more than", self.refuse(bomb, most=1_000_000))

    def test_what_is_damaged_says_so(self) -> None:
        self.assertIn("damaged", self.refuse(self.zipped(collection__anki21b=b"no zstd")))
        self.assertIn("not an Anki package", self.refuse(self.zipped(other=b"x")))
        whole = self.zipped(collection__anki2=bytes(range(256)) * 100).read_bytes()
        broken = self.folder / "broken.apkg"
        broken.write_bytes(whole[:30] + bytes(40) + whole[70:])
        self.refuse(broken)
        with mock.patch.object(packages, "DIRECTORY_MAX_BYTES", 10):
            self.assertIn("more files", self.refuse(self.zipped(collection__anki2=b"x")))

    def test_a_byte_that_is_another_is_read_or_refused(self) -> None:
        whole = self.zipped(collection__anki21=b"words", media=b"{}", ä=b"x").read_bytes()
        path = self.folder / "broken.apkg"
        for at in range(len(whole)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
            with self.subTest(at=at), contextlib.suppress(BadPackage):
                with packages.Package(path) as package:
                    package.unpack_collection(self.folder / "out")
                    self.assertEqual(package.media, {})
                self.assertEqual((self.folder / "out").read_bytes(), b"words")

    def test_no_name_of_a_medium_leaves_the_package(self) -> None:
        for media in (
            b'{"0": "../../etc/passwd"}',
            b"[]",
            b'{"0": 5}',
            b"\xff",
            b'{"9": "x"}',
            b"[" * 10**5,
        ):
            path = self.zipped(collection__anki2=b"x", media=media, **{"0": b"content"})
            with self.subTest(media=media), packages.Package(path) as package:
                try:
                    names = set(package.media)
                except BadPackage:
                    continue
                self.assertLessEqual(names, {"../../etc/passwd"})
                self.assertIsNone(package.read_media("/etc/passwd", most=100))

    def test_messages_that_are_none(self) -> None:
        for data in (b"\xff", b"\x0a\xff\x01x", b"\x0b", b"\xff" * 20, b"\x0a"):
            with self.subTest(data=data), self.assertRaises(BadMessage):
                list(fields(data))


class CollectionTests(HostileTestCase):
    def database(self, *statements: str) -> Path:
        package = Package()
        package.basic("one", "1")
        path = package.database(self.folder / "collection")
        db = sqlite3.connect(path)
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.close()
        return path

    def test_what_only_looks_like_a_table_is_refused(self) -> None:
        for statements in (
            ("DROP TABLE revlog", "CREATE VIEW revlog AS SELECT * FROM notes"),
            ("DROP TABLE notes",),
            ("DROP TABLE cards", "CREATE VIRTUAL TABLE cards USING fts5(id)"),
        ):
            with self.subTest(statements=statements), self.assertRaises(BadPackage):
                Collection(self.database(*statements))

    def test_values_of_every_kind_are_taken_for_what_they_should_be(self) -> None:
        path = self.database(
            "UPDATE notes SET flds = x'ff00fe1f', tags = NULL, data = 5",
            "UPDATE cards SET due = 'soon', ivl = 1e300, factor = x'00', flags = -1, data = NULL",
            "INSERT INTO revlog SELECT 9e18, id, 'a', 'b', 9e99, -1, 0, 0, 1 FROM cards",
            'UPDATE col SET crt = -99999999999999, conf = \'{"creationOffset": "x"}\'',
        )
        with Collection(path) as collection:
            (whole,) = next(iter(collection.wholes(after=-(2**62))))
        self.assertEqual((whole.cards[0].due, whole.cards[0].flag), (0, 7))

    def test_a_broken_database_says_so(self) -> None:
        content = bytearray(self.database().read_bytes())
        for at in (16, 100, 5_000, 9_000):
            broken = bytearray(content)
            broken[at : at + 2_000] = b"\xaa" * len(broken[at : at + 2_000])
            path = self.folder / "broken"
            path.write_bytes(broken)
            with self.subTest(at=at):
                self.read(path)
        for models in ("[]", "nonsense", '{"1": 5}', '{"1": {"flds": 7}}', '{"1": {"tmpls": [3]}}'):
            path = self.database(f"UPDATE col SET models = '{models}'")
            with self.subTest(models=models):
                self.read(path)

    def read(self, path: Path) -> None:
        """Read all there is; the one thing that may be raised is a sentence."""
        try:
            with Collection(path) as collection:
                for wholes in collection.wholes(after=-(2**62)):
                    self.assertTrue(wholes)
        except BadPackage as error:
            self.assertIn("damaged", error.sentence)

    def test_nothing_can_be_written_and_nothing_attached(self) -> None:
        path = self.database()
        before = path.read_bytes()
        with Collection(path) as collection:
            for sql in ("DELETE FROM notes", "ATTACH ':memory:' AS x", "PRAGMA writable_schema=ON"):
                with self.subTest(sql=sql), self.assertRaises(BadPackage):
                    collection._all(sql)
        self.assertEqual(path.read_bytes(), before)


class HtmlTests(unittest.TestCase):
    def test_the_words_stay_and_the_form_as_far_as_markdown_has_it(self) -> None:
        for html, markdown in (
            ("a &amp; b", "a & b"),
            ("<div>a</div><div><br></div><div>b</div><div>c</div>", "a\n\nb  \nc"),
            ("foo<b>bar:</b>baz", "foo**bar**:baz"),
            ("<ul><li>one<li>two<ul><li>in</ul></ul>", "- one\n- two\n  - in"),
            ("<table><tr><td>a|<td>b<tr><td>1<td>2<br>3</table>",
             "| a\\| | b |\n| --- | --- |\n| 1 | 2 / 3 |"),
            ("H<sub>2</sub>O, x<sup>n</sup>", "H₂O, xⁿ"),
            (r"\(a_1 &lt; b\) [latex]$c*d$[/latex] [$$]e[/$$]", r"\(a_1 < b\) \(c*d\) \[e\]"),
            ("<script>bad()</script><style>x{}</style>ok", "ok"),
            ("[sound:a b.mp3] $5 or $6", "\\$5 or \\$6"),
            ("<span style='font-weight: 700'>W</span><a href='javascript:x'>y</a>",
             "**W**[y](javascript:x)"),
            ("# no<br>- no<br>1. no", "\\# no  \n\\- no  \n1\\. no"),
            ("<pre><code>x = 1\n  y</code></pre>", "```\nx = 1\n  y\n```"),
        ):  # fmt: skip
            with self.subTest(html=html):
                self.assertEqual(convert(html), markdown)

    def test_no_html_takes_long(self) -> None:
        for html in ("<div>" * 20_000, "<ul><li>" * 20_000, "<b>*" * 20_000, "<p><b>" * 9_000,
                     "<table><tr><td>" * 5_000, "\\(" * 40_000, "<" * 90_000, "[latex]" * 9_000,
                     "{{c1::" * 9_000):  # fmt: skip
            with self.subTest(html=html[:20]):
                self.assertIsInstance(convert(html + "end"), str)
