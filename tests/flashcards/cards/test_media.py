"""Images on cards: what is taken, who may see them, and when they go."""

import io
import struct
import tempfile
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import PIL.Image
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils import timezone

from flashcards.cards import media, media_kinds
from flashcards.cards.cards import delete_card
from flashcards.domain.records import NewCard
from flashcards.models import MediaFile
from flashcards.store import cards
from memoryloop.markdown import render
from tests.base import TestCase
from tests.flashcards.given_cards import give_cards

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(form: str = "PNG", size: tuple[int, int] = (4, 3), **options: Any) -> bytes:
    stream = io.BytesIO()
    PIL.Image.new("RGB", size, (10, 120, 200)).save(stream, form, **options)
    return stream.getvalue()


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """Return a small PNG that says it has 2,500 megapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1_000_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


class MediaTestCase(TestCase):
    def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.root = Path(folder)
        self.enterContext(override_settings(MEDIA_ROOT=folder))
        self.log_in()

    def upload(self, content: bytes, name: str = "x.png", type_: str = "image/png") -> Any:
        return self.client.post("/media/", {"file": SimpleUploadedFile(name, content, type_)})

    def stored(self, content: bytes | None = None) -> MediaFile:
        return media.store(owner_id=self.alice.id, content=content or picture(), now=timezone.now())

    def files(self) -> list[str]:
        return sorted(path.name for path in self.root.rglob("*") if path.is_file())


class UploadTests(MediaTestCase):
    def test_an_image_is_stored_under_its_hash_and_shown_by_markdown(self) -> None:
        answer = self.upload(picture())
        self.assertEqual(answer.status_code, 200)
        (image,) = MediaFile.objects.filter(owner=self.alice)
        self.assertEqual(answer.json()["markdown"], f"![](/media/{image.name})")
        self.assertEqual((image.width, image.height, image.extension), (4, 3, "png"))
        self.assertEqual(self.files(), [image.name])
        self.assertIn(f'<img src="/media/{image.name}"', render(answer.json()["markdown"]))

    def test_the_content_decides_what_it_is(self) -> None:
        for form, extension in {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp"}.items():
            with self.subTest(form):
                answer = self.upload(picture(form), "evil.html", "text/html")
                self.assertTrue(answer.json()["url"].endswith(f".{extension}"))

    def test_the_name_of_its_file_says_what_it_shows_if_it_says_anything(self) -> None:
        for name, alt in (
            ("plant_cell.png", "plant cell"),
            ("image.png", ""),
            ("IMG_2041.png", ""),
            ("Screenshot 2026-11-22 at 21.00.png", ""),
            ("x](evil).png", "x evil"),
            ("a](https://evil.example).png", "evil example"),
        ):
            with self.subTest(name):
                shown = self.upload(picture(), name).json()["markdown"]
                self.assertRegex(shown, rf"^!\[{alt}\]\(/media/[0-9a-f]{{64}}\.png\)$")

    def test_the_same_image_twice_is_one(self) -> None:
        self.upload(picture())
        self.upload(picture())
        self.assertEqual((MediaFile.objects.count(), len(self.files())), (1, 1))

    def test_what_is_no_image_is_refused_in_plain_words(self) -> None:
        whole = picture("PNG", (64, 64))
        for name, content, words in (
            ("svg", SVG, "not an image (PNG, JPEG, GIF, WebP) or a sound"),
            (
                "svg called png",
                b"\x89PNG\r\n\x1a\n" + SVG,
                "not an image (PNG, JPEG, GIF, WebP) or a sound",
            ),
            ("html", b"<html><script>alert(1)</script></html>", "not an image"),
            ("cut", whole[: len(whole) // 2], "not an image"),
            ("empty", b"", "empty"),
            ("bmp", picture("BMP"), "not an image"),
            ("bomb", bomb(), "too many"),
            ("wide bomb", bomb(9_000, 9_000), "too many"),
            ("lying", bomb(3_000, 3_000), "not an image"),
        ):
            with self.subTest(name):
                answer = self.upload(content)
                self.assertEqual(answer.status_code, 422)
                self.assertIn(words, answer.json()["error"])
        self.assertEqual((MediaFile.objects.count(), self.files()), (0, []))

    def test_a_huge_file_is_refused_before_it_is_read(self) -> None:
        huge = SimpleUploadedFile("x.png", b"", "image/png")
        with (
            mock.patch.object(media_kinds, "MAX_BYTES", 100),
            mock.patch.object(media, "inspect", side_effect=AssertionError) as inspect,
        ):
            answer = self.upload(b"x" * 101)
        inspect.assert_not_called()
        self.assertEqual((answer.status_code, huge.size), (422, 0))
        self.assertIn("the limit is", answer.json()["error"])

    def test_a_learner_has_so_much_room(self) -> None:
        with mock.patch.object(media, "OWNER_MAX_BYTES", 10):
            answer = self.upload(picture())
        self.assertIn("which is the limit", answer.json()["error"])

    def test_without_a_file_it_says_so_and_visitors_log_in(self) -> None:
        self.assertEqual(self.client.post("/media/").status_code, 422)
        self.assertEqual(self.client.get("/media/").status_code, 405)
        self.client.logout()
        self.assertEqual(self.upload(picture()).status_code, 302)


class ShortAddressTests(MediaTestCase):
    def lengthen(self, text: str, before: str = "") -> str:
        return media.lengthen(text, owner_id=self.alice.id, before=before)

    def test_what_is_shortened_comes_back_whole(self) -> None:
        one, two = self.stored(), self.stored(picture("JPEG"))
        text = f"![a](/media/{one.name}) and ![](/media/{two.name}) ![b](/media/{one.name})"
        short = media.shorten(text)
        self.assertIn(f"![a](/media/{one.sha256[:12]}.png)", short)
        self.assertNotRegex(short, "[0-9a-f]{13}")
        with self.assertNumQueries(1):
            self.assertEqual(self.lengthen(short), text)
        with self.assertNumQueries(0):
            self.assertEqual(self.lengthen(short, before=text), text)

    def test_what_is_nobodys_or_could_be_two_images_stays(self) -> None:
        image = media.store(owner_id=self.bob.id, content=picture(), now=timezone.now())
        strange = f"![](/media/{image.sha256[:12]}.png)"
        self.assertEqual(self.lengthen(strange), strange)
        two = " ".join(f"/media/{'a' * 12}{digit * 52}.png" for digit in "01")
        self.assertEqual(self.lengthen(f"/media/{'a' * 12}.png", two), f"/media/{'a' * 12}.png")
        with self.assertNumQueries(0):
            self.assertEqual(self.lengthen("No image, a/media/b.png"), "No image, a/media/b.png")

    def test_the_editor_shows_short_addresses_and_cards_keep_whole_ones(self) -> None:
        image = self.stored()
        short, whole = f"![](/media/{image.sha256[:12]}.png)", f"![](/media/{image.name})"
        self.client.post("/cards/new/", {"kind": "basic", "question": short, "answer": "A"})
        (card,) = cards.for_owner(self.alice.id)
        self.assertEqual(card.question, whole)
        url = f"/cards/{card.id}/edit/"
        page = self.client.get(url)
        self.assertContains(page, short)
        self.assertNotContains(page, image.sha256)
        # The card holds it, so it comes back though the image is gone.
        MediaFile.objects.all().delete()
        self.client.post(url, {"kind": "basic", "question": f"{short} B", "answer": "A"})
        self.assertEqual(cards.for_owner(self.alice.id).get(id=card.id).question, f"{whole} B")

    def test_the_preview_shows_it(self) -> None:
        image = self.stored()
        typed = {"kind": "basic", "question": f"![](/media/{image.sha256[:12]}.png)"}
        self.assertContains(self.client.post("/cards/preview/", typed), f"/media/{image.name}")


class ShowTests(MediaTestCase):
    def test_its_owner_sees_it_with_headers_that_make_it_harmless(self) -> None:
        image = self.stored()
        answer = self.client.get(f"/media/{image.name}")
        self.assertEqual(answer.content, picture())
        self.assertEqual(answer["Content-Type"], "image/png")
        self.assertEqual(answer["X-Content-Type-Options"], "nosniff")
        self.assertEqual(answer["Content-Security-Policy"], "default-src 'none'; sandbox")
        self.assertIn("private", answer["Cache-Control"])
        self.assertIn("immutable", answer["Cache-Control"])
        again = self.client.get(f"/media/{image.name}", headers={"If-None-Match": answer["ETag"]})
        self.assertEqual(again.status_code, 304)

    def test_nobody_else_does(self) -> None:
        image = self.stored()
        self.log_in(self.bob)
        self.assertEqual(self.client.get(f"/media/{image.name}").status_code, 404)
        self.log_in(self.charlie)
        self.assertEqual(self.client.get(f"/media/{image.name}").status_code, 404)
        self.client.logout()
        self.assertEqual(self.client.get(f"/media/{image.name}").status_code, 302)

    def test_who_has_the_same_image_sees_their_own(self) -> None:
        image = self.stored()
        media.store(owner_id=self.bob.id, content=picture(), now=timezone.now())
        self.log_in(self.bob)
        self.assertEqual(self.client.get(f"/media/{image.name}").status_code, 200)
        self.assertEqual(len(self.files()), 1)

    def test_strange_names_and_methods_find_nothing(self) -> None:
        image = self.stored()
        for name in ("x.png", f"{'0' * 64}.png", f"{image.sha256}.svg", f"{image.sha256}.jpg"):
            self.assertEqual(self.client.get(f"/media/{name}").status_code, 404)
        self.assertEqual(self.client.get("/media/..%2Fsecrets").status_code, 404)
        self.assertEqual(self.client.post(f"/media/{image.name}").status_code, 405)
        media.path_of(image).unlink()
        self.assertEqual(self.client.get(f"/media/{image.name}").status_code, 404)

    def test_a_short_name_shows_it_to_its_owner_only(self) -> None:
        image = self.stored()
        short = f"/media/{image.sha256[:12]}.png"
        self.assertEqual(self.client.get(short).content, picture())
        self.log_in(self.bob)
        self.assertEqual(self.client.get(short).status_code, 404)

    def test_markdown_shows_only_images_that_are_stored_here(self) -> None:
        name = f"{'a' * 64}.png"
        for url in (
            "https://evil.example/x.png",
            f"//evil.example/media/{name}",
            f"https://evil.example/media/{name}",
            f"/media/{'a' * 64}.svg",
            f"/media/../media/{name}",
            "data:image/png;base64,AAAA",
            "/accounts/logout/",
        ):
            with self.subTest(url):
                self.assertNotIn("<img", render(f"![x]({url})"))
        self.assertEqual(
            render(f"![a cell](/media/{name})").strip(),
            f'<p><img src="/media/{name}" alt="a cell" loading="lazy"></p>',
        )


class PurgeTests(MediaTestCase):
    def late(self) -> Any:
        return timezone.now() + media.UNUSED_KEPT + timedelta(days=1)

    def test_an_image_on_a_card_stays_even_in_the_bin(self) -> None:
        image = self.stored()
        (card,) = give_cards(self.alice, NewCard(question=media.markdown(image), answer="A"))
        delete_card(owner_id=self.alice.id, card_id=card.id, now=timezone.now())
        self.assertEqual(media.purge(self.late()), 0)
        self.assertEqual(self.files(), [image.name])

    def test_one_that_nothing_shows_goes_when_its_time_is_over(self) -> None:
        image = self.stored()
        self.assertEqual(media.purge(timezone.now()), 0)
        with self.captureOnCommitCallbacks(execute=True):
            self.assertEqual(media.purge(self.late()), 1)
        self.assertEqual((MediaFile.objects.count(), self.files()), (0, []))
        self.assertEqual(self.client.get(f"/media/{image.name}").status_code, 404)

    def test_a_file_stays_while_another_learner_has_it(self) -> None:
        image = self.stored()
        media.store(owner_id=self.bob.id, content=picture(), now=self.late())
        with self.captureOnCommitCallbacks(execute=True):
            media.purge(self.late())
        self.assertEqual(self.files(), [image.name])

    def test_the_images_of_a_deleted_account_go_with_it(self) -> None:
        self.stored()
        with self.captureOnCommitCallbacks(execute=True):
            self.alice.delete()
        self.assertEqual(self.files(), [])
