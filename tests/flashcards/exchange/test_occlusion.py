"""Notes that hide parts of an image come as cards that ask by a painted one."""

import io
import math
import unittest
from typing import Any
from unittest import mock

import numpy as np
import PIL.Image
from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards.cards import media
from flashcards.cards.media_kinds import BadMedia
from flashcards.domain.records import Flashcard, Kind
from flashcards.exchange import masks
from flashcards.exchange.anki import notes, occlusion
from flashcards.exchange.media import NO_FILE
from flashcards.models import NoteOrigin
from flashcards.store import cards
from tests.flashcards.exchange import anki_packages
from tests.flashcards.exchange.anki_packages import Package
from tests.flashcards.exchange.test_anki_import import ImportTestCase

ASKED, HIDDEN, BARE = (255, 142, 142), (255, 235, 162), (0, 0, 255)
RECT = "{{c1::image-occlusion:rect:left=.1:top=.1:width=.2:height=.2%s}}<br>"
ELLIPSE = "{{c2::image-occlusion:ellipse:left=.6:top=.1:rx=.1:ry=.1%s}}<br>"
POLYGON = "{{c3::image-occlusion:polygon:left=.1:top=.6:points=.1,.6 .3,.6 .2,.8%s}}<br>"
LABEL = "{{c0::image-occlusion:text:left=.1:top=.9:text=Scale 1\\:2:scale=1:fs=.05}}<br>"
PROPERTIES = (
    *("left", "top", "width", "height", "rx", "ry"),
    *("angle", "points", "fill", "oi", "x"),
)
PLACES = {1: (0.2, 0.2), 2: (0.7, 0.2), 3: (0.2, 0.65)}


def picture(size: tuple[int, int] = (200, 100)) -> bytes:
    stream = io.BytesIO()
    PIL.Image.new("RGB", size, BARE).save(stream, "PNG")
    return stream.getvalue()


def shown(text: str) -> PIL.Image.Image:
    """Return the stored image that a side shows."""
    name = text.partition("/media/")[2].partition(")")[0]
    return PIL.Image.open(media._path(name)).convert("RGB")


def colours(image: PIL.Image.Image) -> dict[int, tuple[int, ...]]:
    """Return the colour at the place of each shape, of the three that there are."""
    found: dict[int, tuple[int, ...]] = {}
    for number, (x, y) in PLACES.items():
        at = image.getpixel((round(x * image.width), round(y * image.height)))
        assert isinstance(at, tuple)
        near = min((ASKED, HIDDEN, BARE), key=lambda colour: math.dist(colour, at))
        found[number] = near
    return found


class OcclusionTests(ImportTestCase):
    def import_note(self, shapes: str, *rest: str, **files: bytes) -> dict[str, Any]:
        package = Package(media={"body.png": files.get("image", picture())})
        note = package.note(anki_packages.OCCLUSION, shapes, "<img src='body.png'>", *rest)
        for ordinal in range(3):
            package.card(note, ordinal, "Anatomy")
        return self.import_(package)

    def by_ordinal(self) -> list[Flashcard]:
        """Return the cards as they follow one another in the note, which each is a part of."""
        guids = dict(NoteOrigin.objects.values_list("note_id", "guid"))
        return sorted(cards.for_owner(self.alice), key=lambda card: guids[card.note_id])

    def test_each_part_is_asked_and_shown(self) -> None:
        for all_, other in (("", BARE), (":oi=1", HIDDEN)):
            with self.subTest(all_):
                shapes = "".join(each % all_ for each in (RECT, ELLIPSE, POLYGON)) + LABEL
                image = picture((200, 100 if all_ else 120))
                report = self.import_note(shapes + all_, image=image)
                self.assertEqual(
                    (report["imported"] or report["updated"], report["skipped"]), (3, {})
                )
                for number, card in enumerate(self.by_ordinal(), start=1):
                    self.assertEqual(card.kind, Kind.BASIC)
                    asked = {n: ASKED if n == number else other for n in PLACES}
                    answered = {n: BARE if n == number else other for n in PLACES}
                    self.assertEqual(colours(shown(card.question)), asked)
                    self.assertEqual(colours(shown(card.answer)), answered)
                    self.assertIn("Scale 1:2", card.question)

    def test_what_stands_beside_the_image_is_kept(self) -> None:
        package = Package(media={"body.png": picture()})
        types = {
            **anki_packages.TYPES,
            anki_packages.OCCLUSION: (
                "Bildverdeckung",
                True,
                ["Verdeckt", "Bild", "Kopf", "Mehr", "Bemerkung"],
                [("{{cloze:Verdeckt}}", "{{cloze:Verdeckt}}")],
            ),
        }
        self.enterContext(mock.patch.object(anki_packages, "TYPES", types))
        note = package.note(
            anki_packages.OCCLUSION,
            RECT % "",
            "<img src='body.png'>",
            "The <b>arm</b>",
            "back",
            "no",
        )
        package.card(note, 0)
        self.import_(package)
        (card,) = self.by_ordinal()
        self.assertTrue(card.question.startswith("The **arm**\n\n![](/media/"))
        self.assertTrue(card.answer.endswith("\n\nback"))
        self.assertEqual(card.extra, "**Bemerkung:** no")

    def test_a_shape_with_several_numbers_and_several_with_one_belong_together(self) -> None:
        shapes = RECT.replace("c1", "c1,3") % "" + ELLIPSE.replace("c2", "c1") % ""
        report = self.import_note(shapes)
        self.assertEqual((report["imported"], list(report["skipped"])), (2, [notes.NO_SHAPE]))
        first, third = self.by_ordinal()
        self.assertEqual(colours(shown(first.question)), {1: ASKED, 2: ASKED, 3: BARE})
        self.assertEqual(colours(shown(third.question)), {1: ASKED, 2: BARE, 3: BARE})

    def test_it_is_the_same_note_when_it_comes_again(self) -> None:
        package = Package(media={"body.png": picture()})
        note = package.note(anki_packages.OCCLUSION, RECT % "" + ELLIPSE % "", "<img src=body.png>")
        studied = package.card(note, 0, type=2, queue=2, due=24, ivl=2, factor=2300)
        package.studied(studied)
        package.card(note, 1)
        first = self.import_(package)
        self.assertEqual((first["imported"], first["reviews"], first["images"]), (2, 5, 3))
        again = self.import_(package)
        self.assertEqual((again["imported"], again["same"]), (0, 2))
        package.media = {}
        self.assertEqual(self.import_(package)["same"], 2)
        # A shape that was moved is another question.
        moved = (RECT % "").replace("left=.1", "left=.5") + ELLIPSE % ""
        package.media = {"body.png": picture()}
        package.notes[0] = (
            *package.notes[0][:6],
            f"{moved}\x1f<img src=body.png>",
            *package.notes[0][7:],
        )
        self.assertEqual(self.import_(package)["updated"], 1)
        self.assert_sound()

    def test_without_its_image_it_is_named(self) -> None:
        package = Package()
        package.card(package.note(anki_packages.OCCLUSION, RECT % "", "<img src=body.png>"))
        report = self.import_(package)
        (card,) = self.by_ordinal()
        self.assertEqual((card.question, card.answer), ("[image: body.png]", "[image: body.png]"))
        self.assertEqual(report["left_out"][NO_FILE]["examples"], ["body.png", "body.png"])

    def test_what_hides_nothing_is_skipped_and_named(self) -> None:
        for shapes, image in (
            ("", "<img src='body.png'>"),
            ("{{c1::image-occlusion:star:left=.1}}", "<img src='body.png'>"),
            ("{{c1::image-occlusion:rect:left=.1:width=.5}}", "<img src='body.png'>"),
            ("{{c1::image-occlusion:polygon:points=.1,.1 .2,.2}}", "<img src='body.png'>"),
            (RECT % "", "no image"),
        ):
            with self.subTest(shapes):
                package = Package(media={"body.png": picture()})
                package.card(package.note(anki_packages.OCCLUSION, shapes, image))
                report = self.import_(package)
                self.assertEqual(list(report["skipped"]), [notes.NO_SHAPE])

    def test_a_number_that_is_none_of_a_card_is_no_reason_to_stop(self) -> None:
        for number in ("9" * 5_000, "0", "9" * 90, ",", "1," * 60):
            with self.subTest(number):
                shapes = RECT.replace("c1", f"c{number}") % "" + ELLIPSE.replace("c2", "c1") % ""
                package = Package(media={"body.png": picture()})
                note = package.note(
                    anki_packages.OCCLUSION, shapes, "<img src=body.png>", guid=number[:9]
                )
                package.card(note)
                self.assertEqual(self.import_(package)["skipped"], {})

    def test_an_image_that_is_none_is_refused(self) -> None:
        report = self.import_note(RECT % "", image=b"<svg></svg>")
        self.assertIn("not an image", next(iter(report["left_out"])))


class MaskTests(unittest.TestCase):
    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from(masks.KINDS),
        st.lists(st.sampled_from(PROPERTIES)),
        st.sampled_from(
            ["", "-1", "0", ".5", "1e9", "nan", "inf", "a", "1,2 3,4", ",", "\\:", "9" * 400]
        ),
    )
    def test_no_shape_raises(self, kind: str, names: list[str], value: str) -> None:
        field = f"{{{{c1::image-occlusion:{kind}" + "".join(f":{n}={value}" for n in names) + "}}"
        found = occlusion.sides(
            {"a": field, "b": "<img src=x.png>"}, [0], lambda name, _: name, lambda text: text
        )
        if not found:
            return
        source, covered = masks.parted(found[0].question)
        self.assertEqual(source, "x.png")
        painted = masks.painted(picture(), covered)
        with PIL.Image.open(io.BytesIO(painted)) as image:
            self.assertEqual(image.size, (200, 100))

    def test_a_name_that_only_looks_like_ours_is_refused(self) -> None:
        for covered in ("x", "[]", "[1,2]", "[[],[[]]]", '{"a":1}', "[" * 100_000,
                        '[[],[["rect"]]]', '[[],[["rect",0,0,1,1,"a",[]]]]',
                        '[[],[["polygon",0,0,1,1,0,[[1],[2],[3]]]]]'):  # fmt: skip
            with self.subTest(covered[:40]), self.assertRaises(BadMedia):
                masks.painted(picture(), covered)

    def test_grey_of_sixteen_bits_stays_grey(self) -> None:
        stream = io.BytesIO()
        PIL.Image.new("I;16", (40, 20), 30_000).save(stream, "PNG")
        covered = masks.parted(masks.named("x", [], [masks.Mask("rect", 0, 0, 0.5, 1, 0)]))[1]
        with PIL.Image.open(io.BytesIO(masks.painted(stream.getvalue(), covered))) as image:
            grey = np.asarray(image.crop((30, 5, 38, 15)))
            self.assertTrue(((grey > 110) & (grey < 125)).all(), grey)

    def test_a_large_image_becomes_smaller_and_one_that_lies_is_upright(self) -> None:
        covered = masks.parted(masks.named("x", [], [masks.Mask("rect", 0, 0, 0.5, 1, 0)]))[1]
        with PIL.Image.open(io.BytesIO(masks.painted(picture((4_000, 1_000)), covered))) as image:
            self.assertEqual(image.size, (2_000, 500))
        stream = io.BytesIO()
        exif = PIL.Image.Exif()
        exif[0x0112] = 6
        PIL.Image.new("RGB", (40, 20), BARE).save(stream, "JPEG", exif=exif)
        with PIL.Image.open(io.BytesIO(masks.painted(stream.getvalue(), covered))) as image:
            self.assertEqual(image.size, (20, 40))
