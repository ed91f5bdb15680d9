"""Documents: files that a learner uploads, read once into text that cards are made from."""

import functools
import json
import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from flashcards.domain.records import text_hash
from flashcards.domain.validation import CardError
from flashcards.drafting.pdf_text import PAGES_MOST
from flashcards.drafting.sections import Section
from flashcards.drafting.sections import sections as sections_of
from flashcards.models import Document
from flashcards.models.documents import NAME_MAX_CHARACTERS

FILE_MAX_BYTES = 20 * 1024 * 1024
TEXT_MAX_CHARACTERS = 1_000_000
DOCUMENTS_MOST = 1_000
# A longer text is divided into parts: more drafts are not decided on at once.
PART_WORDS = 3_000
# A deleted document can be restored for so long.
KEPT_DELETED = timedelta(days=30)
PDF_SECONDS_MOST = 60
_TEXT_SUFFIXES = {".txt", ".md", ".markdown", ".text"}
_ROOT = Path(__file__).resolve().parent.parent.parent


class BadFile(CardError):
    """A file cannot be read."""


@dataclass(frozen=True)
class Part:
    """A part of a document, about as long as one batch of drafts covers."""

    start: int
    end: int
    words: int
    title: str
    # "pages 3–9", or empty.
    pages: str


def add(*, owner_id: UUID, name: str, content: bytes, now: datetime) -> Document:
    """Read a file and store its text; a text that is stored already is returned. Raises BadFile.

    A PDF is read in a separate process, which takes a few seconds.
    """
    if len(content) > FILE_MAX_BYTES:
        raise BadFile(too_big(len(content)))
    name = file_name(name)
    pages = _pdf_pages(content) if _is_pdf(name, content) else [_decoded(name, content)]
    pages = [_clean_text(page) for page in pages]
    text, starts = _join(pages)
    if not text.strip():
        raise BadFile("The file is empty: there is no text in it to make cards from.")
    if len(text) > TEXT_MAX_CHARACTERS:
        raise BadFile(
            f"The file has {len(text):,} characters of text, and the limit is "
            f"{TEXT_MAX_CHARACTERS:,}. Split it into two files and upload both."
        )
    with transaction.atomic():
        owned = Document.objects.filter(owner_id=owner_id)
        found = owned.filter(sha256=text_hash(text)).first()
        if found is not None:
            if found.deleted_at is not None:
                found.deleted_at = None
                found.save(update_fields=["deleted_at"])
            return found
        if owned.count() >= DOCUMENTS_MOST:
            raise BadFile(f"You have {DOCUMENTS_MOST:,} documents: delete some first.")
        document, _ = Document.objects.get_or_create(
            owner_id=owner_id,
            sha256=text_hash(text),
            defaults={
                "name": name,
                "text": text,
                "page_starts": starts if len(starts) > 1 else [],
                "created_at": now,
            },
        )
    return document


def for_owner(owner_id: UUID) -> "QuerySet[Document]":
    """Return a learner's documents, newest first, without those deleted."""
    return Document.objects.filter(owner_id=owner_id, deleted_at=None)


def delete(document: Document, *, now: datetime) -> None:
    """Delete a document; its cards stay, and no longer show their source."""
    document.deleted_at = now
    document.save(update_fields=["deleted_at"])


def restore(document: Document) -> None:
    document.deleted_at = None
    document.save(update_fields=["deleted_at"])


def purge(now: datetime) -> int:
    """Erase the documents that were deleted 30 days ago. Return how many."""
    return Document.objects.filter(deleted_at__lt=now - KEPT_DELETED).delete()[0]


def too_big(size_bytes: int) -> str:
    return (
        f"The file has {size_bytes / 1024 / 1024:,.0f} MB, and the limit is "
        f"{FILE_MAX_BYTES // 1024 // 1024} MB."
    )


def file_name(name: str) -> str:
    """Return a file's name without folders and control characters."""
    plain = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(letter for letter in plain if unicodedata.category(letter)[0] != "C")
    return kept.strip()[:NAME_MAX_CHARACTERS] or "Untitled"


def parts(document: Document) -> list[Part]:
    """Return the parts of a long document, none for a short one. Takes a second for a long book."""
    return [_part(document, sections) for sections in _gather(document.text)]


@functools.lru_cache(maxsize=16)
def _gather(text: str) -> list[list[Section]]:
    """Return the sections of each part of a text. Cached."""
    found: list[list[Section]] = [[]]
    for section in sections_of(text):
        if found[-1] and sum(s.words for s in found[-1]) + section.words > PART_WORDS * 1.2:
            found.append([])
        found[-1].append(section)
    words = sum(section.words for each in found for section in each)
    return found if words > PART_WORDS * 1.5 else []


def _part(document: Document, sections: list[Section]) -> Part:
    start, end = sections[0].start, sections[-1].end
    first = document.text[start : start + 200].strip().splitlines()[0]
    first = re.sub(r"^#{1,6}\s+|[*_`]", "", first)
    title = first if len(first) <= 70 else first[:69].rstrip() + "…"
    pages = ""
    if document.page_starts:
        low, high = document.page_of(start), document.page_of(end - 1)
        pages = f"page {low}" if low == high else f"pages {low}–{high}"
    return Part(start, end, sum(section.words for section in sections), title, pages)


def _is_pdf(name: str, content: bytes) -> bool:
    if content[:1024].lstrip().startswith(b"%PDF-"):
        return True
    if name.casefold().endswith(".pdf"):
        raise BadFile(
            "The file is named .pdf but is not a PDF: export it again, or paste its text."
        )
    return False


def _decoded(name: str, content: bytes) -> str:
    suffix = PurePosixPath(name).suffix.casefold()
    if suffix not in _TEXT_SUFFIXES:
        raise BadFile(
            "Text, Markdown and PDF can be read (.txt, .md, .pdf). Save it as one of these, or "
            "paste its text."
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadFile("This is not a text file: save it as plain text in UTF-8 and upload it again.")


def _pdf_pages(content: bytes) -> list[str]:
    """Return the text of each page of a PDF. Raises BadFile."""
    broken = BadFile("The PDF cannot be read: it is damaged. Export it again, or paste its text.")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "flashcards.drafting.pdf_text"],
            input=content,
            capture_output=True,
            timeout=PDF_SECONDS_MOST,
            cwd=_ROOT,
            check=False,
        )
        answer = json.loads(done.stdout or b"null")
    except subprocess.TimeoutExpired:
        answer = None
    except ValueError:
        raise broken from None
    if answer is None:
        raise BadFile("The PDF takes too long to read. Save a part of it, or paste its text.")
    refused = answer.get("refused")
    if refused == "encrypted":
        raise BadFile("The PDF has a password: save it without one and upload it again.")
    if refused == "pages":
        raise BadFile(
            f"The PDF has {answer['count']:,} pages, and the limit is {PAGES_MOST}: save the "
            "chapter that you are learning as a PDF of its own."
        )
    if refused:
        raise broken
    pages: list[str] = answer["pages"]
    if not any(page.strip() for page in pages):
        raise BadFile(
            "The PDF has pictures of pages and no text: it was scanned. Run it through text "
            "recognition (OCR) first, or paste its text."
        )
    return pages


def _clean_text(text: str) -> str:
    """Return a page's text with \\n line ends, without characters that the stores do not accept."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").replace("\f", "\n")
    text = text.encode("utf-8", "ignore").decode("utf-8")
    # A word that was broken at the end of a line.
    text = re.sub(r"(?<=[a-zß-ÿ])[-\u00ad]\n(?=[a-zß-ÿ])", "", text)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).replace("\u00ad", "")


def _join(pages: list[str]) -> tuple[str, list[int]]:
    """Return the pages as one text, and where each begins."""
    starts: list[int] = []
    position = 0
    for page in pages:
        starts.append(position)
        position += len(page) + 2
    return "\n\n".join(pages).rstrip(), starts
