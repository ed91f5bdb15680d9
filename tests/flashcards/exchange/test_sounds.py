"""Sounds come with a package and go out with one: on their cards, once each, and kept apart."""

import io
import re
import zipfile
from typing import Any
from unittest import mock

from flashcards.cards import media
from flashcards.cards.cards import edit_card
from flashcards.domain.records import NewCard
from flashcards.exchange.media import NO_SOUND
from flashcards.models import MediaFile, NoteOrigin
from flashcards.store import cards
from tests.factories import NOW
from tests.flashcards.exchange import anki_packages
from tests.flashcards.exchange.anki_packages import Package
from tests.flashcards.exchange.test_anki_export import ExportTestCase
from tests.flashcards.exchange.test_anki_import import png
from tests.flashcards.exchange.test_import_again import AgainTestCase
from tests.flashcards.given_cards import give_cards
from tests.sounds import mp3, wav

PLAYER = re.compile(r"!\[\]\(/media/[0-9a-f]{64}\.(?:mp3|wav)\)")


def plain(text: str) -> str:
    """Return a side with a sign for each of its sounds and images."""
    return re.sub(r"!\[\]\(/media/[0-9a-f]{64}\.png\)", "▣", PLAYER.sub("♪", text))


class ImportTests(AgainTestCase):
    def brought(self, *fields: str, type_: int = anki_packages.BASIC, **files: bytes) -> Any:
        """Import a note whose package has these files, `a_mp3` as a.mp3; return the report."""
        package = Package(media={name.replace("_", "."): each for name, each in files.items()})
        package.card(package.note(type_, *fields))
        return self.import_(package)

    def test_a_sound_is_on_the_side_that_has_it(self) -> None:
        report = self.brought("ask [sound:a.mp3]", "say<br>[sound:b.wav]", a_mp3=mp3(), b_wav=wav())
        card = self.card()
        self.assertEqual((plain(card.question), plain(card.answer)), ("ask ♪", "say  \n♪"))
        self.assertEqual((report["sounds"], report["images"]), (2, 0))
        self.assertEqual((report["left_out"], report["skipped"]), ({}, {}))
        self.assertEqual(MediaFile.objects.filter(owner=self.alice).count(), 2)

    def test_a_question_may_be_a_sound_alone(self) -> None:
        report = self.brought("[sound:a.mp3]", "word", a_mp3=mp3())
        self.assertEqual((plain(self.card().question), report["skipped"]), ("♪", {}))

    def test_each_way_to_name_a_sound_is_understood(self) -> None:
        for number, field in enumerate(
            (
                "[sound:a b.mp3]",
                "[sound:a&amp;c.mp3]",
                '[sound:a"b.mp3]',
                "[sound:\u00e4.mp3]",
                "<audio src='a b.mp3'></audio>",
                '<audio controls><source src="a%20b.mp3" type="audio/mpeg"></audio>',
            )
        ):
            with self.subTest(field):
                names = ("a b.mp3", "a&c.mp3", 'a"b.mp3', "\u00e4.mp3")
                package = Package(media={name: mp3(number) for name in names})
                note = package.note(anki_packages.BASIC, f"{number} {field}", "x", guid=f"{number}")
                package.card(note)
                report = self.import_(package)
                self.assertEqual((report["imported"], report["sounds"]), (1, 1))
                self.assertEqual(report["left_out"], {})

    def test_one_that_is_not_there_is_named_and_the_words_stay(self) -> None:
        report = self.brought("ask [sound:a.mp3]", "[sound:b.mp3]")
        card = self.card()
        self.assertEqual((card.question.strip(), card.answer), ("ask", "[sound: b.mp3]"))
        self.assertEqual({NO_SOUND: 2}, {r: n["count"] for r, n in report["left_out"].items()})
        self.assertEqual(report["left_out"][NO_SOUND]["examples"], ["a.mp3", "b.mp3"])

    def test_what_no_browser_plays_is_named_and_refused(self) -> None:
        report = self.brought("ask [sound:a.mp3]", "say", a_mp3=b"no sound at all")
        self.assertEqual(self.card().question.strip(), "ask")
        (reason,) = report["left_out"]
        self.assertIn("not an image (PNG", reason)

    def test_a_video_is_left_out_and_named(self) -> None:
        report = self.brought("ask [sound:a.mp4]", "say", a_mp4=b"\0\0\0\x18ftypmp42")
        self.assertEqual(self.card().question, "ask")
        self.assertEqual(
            list(report["left_out"]), ["videos are not imported; the words beside them are"]
        )

    def test_what_the_answer_repeats_of_its_question_is_not_played_twice(self) -> None:
        package = Package(media={"a.mp3": mp3(1), "b.mp3": mp3(2)})
        types = dict(anki_packages.TYPES)
        types[anki_packages.BASIC] = (
            "Basic",
            False,
            ["Front", "Back"],
            [("{{Front}}", "{{Front}} [sound:b.mp3]<hr id=answer>{{Back}}")],
        )
        package.card(package.note(anki_packages.BASIC, "ask [sound:a.mp3]", "say"))
        with mock.patch.object(anki_packages, "TYPES", types):
            report = self.import_(package)
        card = self.card()
        self.assertEqual((plain(card.question), plain(card.answer)), ("ask ♪", "♪say"))
        self.assertEqual(report["sounds"], 2)

    def test_a_package_from_before_brings_its_sounds_when_it_comes_again(self) -> None:
        package = Package()
        package.card(package.note(anki_packages.BASIC, "ask", "say"))
        self.import_(package)
        NoteOrigin.objects.update(texts_hash="")
        fields = ("ask [sound:a.mp3]", "say")
        package.notes[0] = (*package.notes[0][:6], "\x1f".join(fields), *package.notes[0][7:])
        package.media = {"a.mp3": mp3()}
        report = self.import_(package)
        self.assertEqual((report["updated"], report["sounds"]), (1, 1))
        self.assertEqual(plain(self.card().question), "ask ♪")
        self.assertEqual(self.import_(package)["same"], 1)

    def test_files_that_were_not_there_come_with_a_package_that_has_them(self) -> None:
        """Test that who forgot to take the media along brings them later."""
        fields = ("ask [sound:a.mp3] <img src=b.png>", "[sound:c.mp3]")
        whole = {"a.mp3": mp3(), "b.png": png(), "c.mp3": mp3(2)}
        for given, ours in (
            ({}, ("ask  [image: b.png]", "[sound: c.mp3]")),
            ({}, ("ask  [image: b.png]", "[sound: c.mp3]")),
            ({"b.png": png()}, ("ask  ▣", "[sound: c.mp3]")),
            (whole, ("ask ♪ ▣", "♪")),
            (whole, ("ask ♪ ▣", "♪")),
            ({}, ("ask ♪ ▣", "♪")),
        ):
            package = Package(media=given)
            package.card(package.note(anki_packages.BASIC, *fields))
            self.import_(package)
            card = self.card()
            self.assertEqual((plain(card.question), plain(card.answer)), ours)
        # What was taken out here is not put back.
        edit_card(owner_id=self.alice.pk, card_id=card.id, question="ask", answer="say", now=NOW)
        package.media = whole
        self.assertEqual(self.import_(package)["same"], 1)
        self.assertEqual(self.card().question, "ask")

    def test_words_that_were_changed_here_and_in_the_file_are_told(self) -> None:
        """Test that a card with a sound is compared with its import as any other card is."""
        for name, content in (("a.mp3", mp3()), ("a.wav", wav())):
            package = Package(media={name: content})
            note = package.note(anki_packages.BASIC, f"ask [sound:{name}]", "say", guid=name)
            package.card(note)
            self.import_(package)
            (card,) = [c for c in cards.for_owner(self.alice) if name[-3:] in c.question]
            mine = card.question.replace("ask", "ask me")
            edit_card(owner_id=self.alice.pk, card_id=card.id, question=mine, answer="say", now=NOW)
            newer = f"ask them [sound:{name}]\x1fsay"
            package.notes[0] = (*package.notes[0][:6], newer, *package.notes[0][7:])
            report = self.import_(package)
            self.assertIn("ask them", cards.for_owner(self.alice).get(id=card.id).question)
            self.assertEqual([each["count"] for each in report["kept"].values()], [1])

    def test_words_that_nobody_changed_follow_the_file(self) -> None:
        package = Package(media={"a.mp3": mp3(), "b.mp3": mp3(7)})
        package.card(package.note(anki_packages.BASIC, "ask [sound:a.mp3]", "say"))
        row = self.upload(package)
        self.take(row)
        before = self.card()
        fields = "ask them [sound:b.mp3]\x1fsay"
        package.notes[0] = (*package.notes[0][:6], fields, *package.notes[0][7:])
        again = self.upload(package)
        self.assertEqual(self.take(again)["updated"], 1)
        self.assertEqual(plain(self.card().question), "ask them ♪")
        self.undo(again)
        self.assertEqual(self.card().question, before.question)
        # What is compared the next time is as it was, too.
        self.assertEqual(self.take(self.upload(package))["updated"], 1)

    def test_a_setting_of_the_package_says_whether_they_are_played(self) -> None:
        package = Package(presets={1: {"id": 1, "name": "Default", "autoplay": False}})
        package.card(package.note(anki_packages.BASIC, "ask", "say"))
        self.import_(package, preset="1")
        self.log_in()
        page = self.client.get("/review/")
        self.assertNotContains(page, "data-plays")


class ExportTests(ExportTestCase):
    def test_a_package_takes_them_along_and_brings_them_back(self) -> None:
        sound = media.store(owner_id=self.alice.pk, content=wav(3), now=NOW)
        player = f"![](/media/{sound.name})"
        give_cards(self.alice, NewCard(question=f"Hear {player}", answer=f"**so** {player}"))
        package = self.export()
        with zipfile.ZipFile(io.BytesIO(package)) as bundle:
            names = bundle.read("media").decode()
            self.assertIn(sound.name, names)
        report = self.take(self.receive("mine.apkg", package, self.bob))
        self.assertEqual((report["sounds"], report["images"], report["left_out"]), (1, 1, {}))
        self.assertEqual(self.said(self.bob), self.said(self.alice))
        again = self.take(self.receive("mine.apkg", package, self.alice))
        self.assertEqual((again["imported"], again["updated"]), (0, 0))

    def test_anki_finds_it_where_it_looks(self) -> None:
        """Test that a field names its sound as Anki does, and a package without files does not."""
        sound = media.store(owner_id=self.alice.pk, content=wav(4), now=NOW)
        give_cards(self.alice, NewCard(question=f"Hear ![a](/media/{sound.name})", answer="so"))
        table = self.export("csv").decode()
        self.assertIn(f"[sound:{sound.name}]", table)
