"""Sounds on cards: what is taken, how it is given, and what a card of nothing else is called."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from flashcards.cards import media, media_kinds
from flashcards.domain import card_sides
from flashcards.domain.records import NewCard
from flashcards.models import MediaFile
from memoryloop.markdown import render
from tests.flashcards.cards import test_media
from tests.flashcards.cards.test_media import picture
from tests.flashcards.given_cards import give_cards
from tests.sounds import mp3, wav


class SoundTests(test_media.MediaTestCase):
    def test_a_sound_is_stored_under_its_hash_and_played_by_markdown(self) -> None:
        answer = self.upload(wav(), "guten_tag.wav", "audio/wav")
        (sound,) = MediaFile.objects.filter(owner=self.alice)
        shown = answer.json()["markdown"]
        self.assertEqual(shown, f"![guten tag](/media/{sound.name})")
        html = render(shown)
        self.assertIn(f'src="/media/{sound.name}"', html)
        self.assertIn('aria-label="Sound: guten tag"', html)
        self.assertEqual(sound.extension, "wav")
        self.assertTrue((self.root / "sounds" / sound.name[:2] / sound.name).exists())
        answer = self.client.get(f"/media/{sound.name}")
        self.assertEqual((answer.content, answer["Content-Type"]), (wav(), "audio/wav"))

    def test_the_content_decides_which_sound_it_is(self) -> None:
        for content, extension in (
            (mp3(), "mp3"),
            (b"\xff\xf3\x90\x00", "mp3"),
            (b"\xff\xf1\x50\x80", "aac"),
            (b"OggS\x00\x02", "ogg"),
            (wav(), "wav"),
            (b"fLaC\x00\x00", "flac"),
            (b"\x00\x00\x00\x20ftypM4A \x00", "m4a"),
            (b"\x1a\x45\xdf\xa3...A_OPUS", "webm"),
        ):
            with self.subTest(extension):
                self.assertEqual(media_kinds.inspect(content).extension, extension)

    def test_what_is_no_sound_is_refused_in_plain_words(self) -> None:
        for content, words in (
            (b"RIFF\x10\x00\x00\x00AVI LIST", "not an image"),
            (b"\x00\x00\x00\x20ftypisom" + b"hdlr" + bytes(8) + b"vide", "a video"),
            (b"\x1a\x45\xdf\xa3...V_VP9", "a video"),
            (b"OggS\x00\x02\x80theora", "a video"),
            (b"MThd\x00\x00\x00\x06", "not an image"),
            (b"\xff\xff\xff\xff", "not an image"),
            (b"<script>alert(1)</script>", "not an image"),
        ):
            with self.subTest(content):
                answer = self.upload(content, "x.mp3", "audio/mpeg")
                self.assertEqual(answer.status_code, 422)
                self.assertIn(words, answer.json()["error"])

    def test_a_part_is_given_to_who_asks_for_one(self) -> None:
        """Test RFC 9110, 14: browsers ask so when they seek in a sound, and Safari before it."""
        sound = self.stored(wav())
        whole, size = wav(), len(wav())
        for asked, start, stop in (
            ("bytes=0-1", 0, 2),
            ("bytes=10-", 10, size),
            ("bytes=-10", size - 10, size),
            (f"bytes=5-{size * 9}", 5, size),
            (f"bytes=-{size * 9}", 0, size),
        ):
            with self.subTest(asked):
                answer = self.client.get(f"/media/{sound.name}", headers={"Range": asked})
                self.assertEqual((answer.status_code, answer.content), (206, whole[start:stop]))
                self.assertEqual(answer["Content-Range"], f"bytes {start}-{stop - 1}/{size}")
        for headers in (
            {"Range": f"bytes={size}-"},
            {"Range": "bytes=9-3"},
            {"Range": "bytes=-0"},
            {"Range": "bytes=-"},
            {"Range": "bytes=0-1,4-5"},
            {"Range": "lines=0-1"},
            {"Range": f"bytes={'9' * 400}-"},
            {"Range": "bytes=0-1", "If-Range": '"another"'},
        ):
            with self.subTest(headers):
                answer = self.client.get(f"/media/{sound.name}", headers=headers)
                self.assertEqual((answer.status_code, answer.content), (200, whole))
                self.assertEqual(answer["Accept-Ranges"], "bytes")

    def test_all_that_reads_a_cards_words_knows_the_same_sounds(self) -> None:
        script = (settings.BASE_DIR / "static/js/editor-images.js").read_text()
        for extension in media_kinds.SOUNDS:
            with self.subTest(extension):
                text = f"![](/media/{'a' * 64}.{extension})"
                self.assertIn("<audio", render(text))
                self.assertEqual(
                    card_sides.title(card_sides.Draft("basic", text, "")), "(sound only)"
                )
                self.assertIsNotNone(media.NAME.fullmatch(f"{'a' * 64}.{extension}"))
                self.assertIn(f'"{extension}"', script)
        for extension in media_kinds.IMAGES:
            with self.subTest(extension):
                self.assertIn("<img", render(f"![](/media/{'a' * 64}.{extension})"))

    def test_it_is_kept_as_long_as_a_card_plays_it(self) -> None:
        sound = self.stored(mp3())
        give_cards(self.alice, NewCard(question=media.markdown(sound), answer="A"))
        self.stored(mp3(1))
        later = timezone.now() + media.UNUSED_KEPT + timedelta(days=1)
        with self.captureOnCommitCallbacks(execute=True):
            self.assertEqual(media.purge(later), 1)
        self.assertEqual(self.files(), [sound.name])

    def test_a_card_without_words_is_called_what_it_is(self) -> None:
        for content, name in ((mp3(), "(sound only)"), (picture(), "(image only)")):
            (card,) = give_cards(
                self.alice, NewCard(question=media.markdown(self.stored(content)), answer="A")
            )
            self.assertEqual(card_sides.title(card), name)
            self.assertContains(self.client.get("/cards/"), name)
