"""Files become texts, texts become cards that remember the words they came from."""

import io
import json
from datetime import timedelta
from typing import Any
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from flashcards.cards import sources
from flashcards.domain.records import text_hash
from flashcards.drafting import documents, drafting, origins, writing
from flashcards.drafting.pdf_text import read
from flashcards.maintenance import check
from flashcards.models import Document, Draft, DraftBatch
from tests.base import TestCase

TEXT = (
    "# Cells\n\nOsmosis is the movement of water through a membrane. In 1796 the British doctor "
    "Edward Jenner inoculated James Phipps. A human cell contains 46 chromosomes in its nucleus."
)
URL = "/documents/"


def pdf(*pages: str, password: str = "") -> bytes:
    """Return a PDF with these words, a page each; a blank page for an empty text."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(width=600, height=800)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        stream = DecodedStreamObject()
        lines = " ".join(f"({line}) Tj 0 -20 Td" for line in text.split("\n"))
        stream.set_data(f"BT /F1 12 Tf 50 700 Td {lines} ET".encode("latin-1"))
        page[NameObject("/Contents")] = stream
    if password:
        writer.encrypt(password)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


class DocumentTestCase(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def upload(self, content: bytes, name: str = "cells.md") -> Any:
        return self.client.post(URL, {"file": SimpleUploadedFile(name, content)})

    def add(self, text: str = TEXT, name: str = "cells.md") -> Document:
        return documents.add(
            owner_id=self.alice.id, name=name, content=text.encode(), now=timezone.now()
        )


class UploadTests(DocumentTestCase):
    def test_a_text_becomes_a_document_and_leads_to_its_cards(self) -> None:
        answer = self.upload(TEXT.encode(), "../../etc/cells.md")
        (document,) = Document.objects.filter(owner=self.alice)
        self.assertRedirects(answer, f"/cards/make/{document.id}/")
        self.assertEqual((document.name, document.text), ("cells.md", TEXT))
        page = self.client.get(answer["Location"])
        self.assertContains(page, "Make cards</button>")
        self.assertContains(page, "Osmosis is the movement")

    def test_the_same_text_again_is_the_same_document(self) -> None:
        first = self.upload(TEXT.encode())
        documents.delete(Document.objects.get(), now=timezone.now())
        second = self.upload(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode(), "other.txt")
        self.assertEqual(first["Location"], second["Location"])
        self.assertIsNone(Document.objects.get().deleted_at)

    def test_what_cannot_be_read_is_said_in_plain_words(self) -> None:
        for content, name, words in (
            (b"", "a.txt", "The submitted file is empty|Choose a file|file is empty"),
            (b"   \n", "a.txt", "file is empty"),
            (b"PK\x03\x04", "a.docx", "Text, Markdown and PDF can be read"),
            (b"\x00\x01\x02", "a.txt", "not a text file"),
            (b"words", "a.pdf", "is not a PDF"),
            (b"%PDF-1.7 broken", "a.pdf", "damaged"),
        ):
            with self.subTest(words):
                answer = self.upload(content, name)
                self.assertEqual(answer.status_code, 422)
                self.assertRegex(answer.content.decode(), words)
        self.assertFalse(Document.objects.exists())

    def test_limits_are_said_with_their_figures(self) -> None:
        with mock.patch.object(documents, "FILE_MAX_BYTES", 2 * 1024 * 1024):
            answer = self.upload(b"x" * (3 * 1024 * 1024))
            self.assertContains(answer, "The file has 3 MB, and the limit is 2 MB", status_code=422)
        with mock.patch.object(documents, "TEXT_MAX_CHARACTERS", 50):
            answer = self.upload(TEXT.encode())
            self.assertContains(answer, "the limit is 50", status_code=422)

    def test_old_encodings_are_read(self) -> None:
        for encoding in ("utf-8", "utf-16", "cp1252"):
            with self.subTest(encoding):
                made = documents.add(
                    owner_id=self.alice.id,
                    name="a.txt",
                    content=f"Über {encoding}".encode(encoding),
                    now=timezone.now(),
                )
                self.assertEqual(made.text, f"Über {encoding}")

    def test_methods_and_visitors(self) -> None:
        self.assertContains(self.client.get(URL), "No files yet")
        self.assertEqual(self.client.put(URL).status_code, 405)
        self.assertContains(self.client.post(URL), "Choose a file first", status_code=422)
        self.client.logout()
        self.assertEqual(self.client.get(URL).status_code, 302)


class PdfTests(DocumentTestCase):
    def test_a_pdf_is_read_in_a_process_of_its_own_with_its_pages(self) -> None:
        self.upload(pdf("Osmosis moves water.", "Iron rusts."), "book.pdf")
        document = Document.objects.get()
        self.assertEqual(document.text, "Osmosis moves water.\n\nIron rusts.")
        self.assertEqual(document.page_of(document.text.index("Iron")), 2)
        self.assertEqual(document.page_of(0), 1)

    def test_what_a_pdf_can_lack_is_said(self) -> None:
        for answer, words in (
            ({"refused": "encrypted"}, "has a password"),
            ({"refused": "pages", "count": 900}, "900 pages, and the limit is 500"),
            ({"refused": "broken"}, "damaged"),
            ({"pages": ["", " "]}, "scanned"),
            (None, "too long to read"),
        ):
            with (
                self.subTest(words),
                mock.patch("flashcards.drafting.documents.subprocess.run") as run,
            ):
                run.return_value.stdout = json.dumps(answer).encode()
                self.assertContains(self.upload(b"%PDF-1.7", "a.pdf"), words, status_code=422)

    def test_the_reader_tells_one_from_the_other(self) -> None:
        self.assertEqual(read(pdf("One", "Two")), {"pages": ["One", "Two"]})
        self.assertEqual(read(pdf("One", password="secret")), {"refused": "encrypted"})
        self.assertEqual(read(b"%PDF-1.7\n" + b"garbage" * 50), {"refused": "broken"})
        self.assertEqual(read(pdf("")), {"pages": [""]})
        with mock.patch("flashcards.drafting.pdf_text.PAGES_MOST", 1):
            self.assertEqual(read(pdf("a", "b")), {"refused": "pages", "count": 2})


class CardTests(DocumentTestCase):
    def made(self) -> tuple[Document, Any]:
        document = self.add()
        batch = drafting.start_batch(self.alice, origins.of_document(document), by_rules=True)
        return document, drafting.accept(self.alice, batch.id)

    def test_cards_keep_the_document_and_the_place_of_their_words(self) -> None:
        document, cards = self.made()
        first = cards[0]
        words = document.text[first.source_start : first.source_end]
        self.assertEqual(words, "Osmosis is the movement of water through a membrane.")
        self.assertEqual((first.document_id, first.source_hash), (document.id, text_hash(words)))
        self.assertIsNone(first.message_id)
        self.assertEqual(writing.cards_made(self.alice, origins.of_document(document)), cards)

    def test_one_key_shows_the_words_in_review(self) -> None:
        _, cards = self.made()
        answer = self.client.get(
            reverse("flashcards:review_source", args=[cards[0].id]), headers={"HX-Request": "true"}
        )
        self.assertContains(answer, "<mark>Osmosis is the movement")
        self.assertContains(answer, "cells.md")
        self.assertContains(self.client.get("/review/"), 'data-key="h"')

    def test_a_strangers_document_is_nobodys_source(self) -> None:
        _, cards = self.made()
        self.assertIsNone(sources.source_of(self.bob, cards[0]))

    def test_a_deleted_document_leaves_its_cards(self) -> None:
        document, cards = self.made()
        answer = self.client.post(f"/documents/{document.id}/delete/", follow=True)
        self.assertContains(answer, "Its cards stay.")
        self.assertIsNone(sources.source_of(self.alice, cards[0]))
        self.assertEqual(self.client.get(f"/cards/make/{document.id}/").status_code, 404)
        self.client.post(f"/documents/{document.id}/restore/")
        self.assertIsNotNone(sources.source_of(self.alice, cards[0]))
        for action in ("delete", "restore"):
            self.log_in(self.bob)
            url = f"/documents/{document.id}/{action}/"
            self.assertEqual(self.client.post(url).status_code, 404)

    def test_broken_links_are_found_and_mended(self) -> None:
        document, cards = self.made()
        Document.objects.update(text="Other words.")
        found = {finding.kind: finding.count for finding in check.check().findings}
        self.assertEqual(found["changed_sources"], len(cards))
        document.delete()
        found = {finding.kind: finding.count for finding in check.check(repair=True).findings}
        self.assertEqual(found["dangling_documents"], len(cards))
        self.assertNotIn("dangling_documents", {f.kind for f in check.check().findings})

    def test_what_was_deleted_long_ago_goes_for_good(self) -> None:
        document = self.add()
        documents.delete(document, now=timezone.now() - timedelta(days=31))
        self.assertEqual(documents.purge(timezone.now()), 1)


class PassageTests(DocumentTestCase):
    def select(self, origin_id: object, words: str, before: str = "") -> Any:
        url = reverse("flashcards:passage", args=[origin_id])
        return self.client.post(url, {"words": words, "before": before})

    def test_selected_words_become_a_passage_with_its_place(self) -> None:
        document = self.add()
        answer = self.select(document.id, "Edward Jenner inoculated James Phipps.")
        start = TEXT.index("Edward")
        end = TEXT.index("Phipps") + len("Phipps.")
        self.assertEqual(
            answer["Location"], f"/cards/make/{document.id}/?from={start}&to={end}&begin=1"
        )
        page = self.client.get(answer["Location"], headers={"Sec-Fetch-Site": "same-origin"})
        self.assertContains(page, 'data-start="now"')
        self.assertContains(page, "From a passage of 5 words")

    def test_a_passage_has_drafts_of_its_own_with_places_in_the_whole_text(self) -> None:
        document = self.add()
        start = TEXT.index("A human")
        url = f"/cards/make/{document.id}/?from={start}&to={len(TEXT)}"
        self.assertRedirects(self.client.post(url), url)
        batch = DraftBatch.objects.get()
        (draft,) = Draft.objects.all()
        self.assertEqual((batch.span_start, batch.span_end), (start, len(TEXT)))
        self.assertEqual(TEXT[draft.source_start : draft.source_end], TEXT[start:])
        self.assertNotContains(self.client.get(f"/cards/make/{document.id}/"), "Add 1 card")

    def test_words_that_are_not_there_are_said_and_strange_bounds_not_found(self) -> None:
        document = self.add()
        answer = self.select(document.id, "Nothing of the kind is written here at all.")
        self.assertRedirects(answer, f"/cards/make/{document.id}/")
        for query in ("?from=5", "?from=9&to=3", "?from=0&to=99999", "?from=-1&to=4"):
            status = self.client.get(f"/cards/make/{document.id}/{query}").status_code
            self.assertEqual(status, 404, query)

    def test_a_long_document_is_offered_in_parts(self) -> None:
        sentence = "Osmosis is the movement of water through a membrane. "
        document = self.add("\n\n".join(sentence * 20 for _ in range(60)))
        page = self.client.get(f"/cards/make/{document.id}/")
        parts = documents.parts(document)
        self.assertGreater(len(parts), 2)
        self.assertContains(page, f"?from={parts[1].start}&amp;to={parts[1].end}&amp;begin=1")
        self.assertNotContains(page, "Make cards</button>")
        self.assertContains(page, "The beginning of a long text.")
        part = self.client.get(f"/cards/make/{document.id}/?from=50000&to=50500")
        self.assertContains(part, 'data-offset="48000"')
        self.assertLess(len(part.content), 20_000)
        self.assertLessEqual(max(part.words for part in parts), documents.PART_WORDS * 1.3)
