"""Images on cards: checked, stored by the hash of their content, served to their owner only.

Learners who store the same image share the file; each has a row that allows them to see it. The
file's name is the hash, so its content never changes. It is deleted with the last row.
"""

import functools
import hashlib
import io
import operator
import re
import warnings
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import PIL
import PIL.Image
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, Sum

from flashcards.domain.validation import CardError
from flashcards.models import Draft, Image
from flashcards.store import cards
from memoryloop import durable_files

IMAGE_MAX_BYTES = 10 * 1024 * 1024
# 40 megapixels decode to 160 MB at most.
PIXELS_MOST = 40_000_000
FRAMES_MOST = 500
OWNER_MAX_BYTES = 1024 * 1024 * 1024
# An unused image is kept a little longer than the trash keeps cards.
UNUSED_KEPT = timedelta(days=35)
# By Pillow's name of the format.
EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp"}
TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
# Of the hash, so much stands in an editor; the learner's own images are few enough for that.
SHORT_DIGITS = 12
NAME = re.compile(
    rf"(?P<sha256>[0-9a-f]{{64}}|[0-9a-f]{{{SHORT_DIGITS}}})\.(?P<extension>png|jpg|gif|webp)"
)
ALT_MAX_CHARACTERS = 80
_NAMELESS = re.compile(
    r"(?:image|img|picture|photo|screenshot|bildschirmfoto|blob|unnamed|dsc|dscf|dscn|pxl)"
    r"(?:[ \d]|at|from|am|pm|copy)*",
    re.IGNORECASE,
)
_LINK = re.compile(r"/media/([0-9a-f]{64})\.(?:png|jpg|gif|webp)")
_LONG = re.compile(rf"(/media/[0-9a-f]{{{SHORT_DIGITS}}})[0-9a-f]{{{64 - SHORT_DIGITS}}}(\.[a-z]+)")
_SHORT = re.compile(rf"/media/([0-9a-f]{{{SHORT_DIGITS}}})(\.(?:png|jpg|gif|webp))")
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


class BadImage(CardError):
    """A file cannot be used as an image on a card."""


def store(*, owner_id: UUID, content: bytes, now: datetime) -> Image:
    """Check an image and store it for its owner, once if they have it already. Raises BadImage."""
    extension, width, height = inspect(content)
    sha256 = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        _lock(sha256)
        owned = Image.objects.filter(owner_id=owner_id)
        used = owned.aggregate(total=Sum("size_bytes"))["total"] or 0
        known = owned.filter(sha256=sha256).first()
        if known is None and used + len(content) > OWNER_MAX_BYTES:
            raise BadImage(
                "Your images take up 1 GB, which is the limit. Remove some from your cards."
            )
        image, created = Image.objects.get_or_create(
            owner_id=owner_id,
            sha256=sha256,
            defaults={
                "extension": extension,
                "width": width,
                "height": height,
                "size_bytes": len(content),
                "created_at": now,
                "used_at": now,
            },
        )
        if not created:
            image.used_at = now
            image.save(update_fields=["used_at"])
        _write(path_of(image), content)
    return image


def inspect(content: bytes) -> tuple[str, int, int]:
    """Return the extension, width and height of an image that decodes. Raises BadImage.

    Its content decides, not the file's name or declared type.
    """
    if len(content) > IMAGE_MAX_BYTES:
        raise BadImage(too_big(len(content)))
    if not content:
        raise BadImage("The file is empty: choose an image.")
    unreadable = BadImage(
        "This is not a PNG, JPEG, GIF or WebP image, or it is damaged. Save it as one of these and "
        "try again."
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with PIL.Image.open(io.BytesIO(content), formats=list(EXTENSIONS)) as image:
                form, (width, height) = str(image.format), image.size
                if width * height > PIXELS_MOST or getattr(image, "n_frames", 1) > FRAMES_MOST:
                    raise BadImage(
                        f"The image has {width:,} by {height:,} points, which is too many: make "
                        "it smaller and try again."
                    )
                image.verify()
            # `verify` does not decode: the image is opened again to read the first frame's pixels.
            with PIL.Image.open(io.BytesIO(content), formats=[form]) as image:
                image.load()
    except BadImage:
        raise
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning):
        raise BadImage("The image has too many pixels: make it smaller and try again.") from None
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, ArithmeticError):
        raise unreadable from None
    except (MemoryError, RuntimeError, EOFError, AttributeError, Warning):
        raise unreadable from None
    return EXTENSIONS[form], width, height


def too_big(size_bytes: int) -> str:
    return (
        f"The image has {size_bytes / 1024 / 1024:,.0f} MB, and the limit is "
        f"{IMAGE_MAX_BYTES // 1024 // 1024} MB."
    )


def find(*, owner_id: UUID, name: str) -> Image | None:
    """Return the learner's own image of that file name, which may be short. One SQL query."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    return Image.objects.filter(
        owner_id=owner_id, sha256__startswith=match["sha256"], extension=match["extension"]
    ).first()


def shorten(text: str) -> str:
    """Return a text with short addresses of its images, as an editor shows them."""
    return _LONG.sub(r"\1\2", text)


def lengthen(text: str, *, owner_id: UUID, before: str = "") -> str:
    """Return a text with whole addresses: what `shorten` made of them, and what was typed so.

    The images are those of the text `before`, or else the learner's own. An address that is
    nobody's, or could be that of two, stays. One SQL query, if `before` does not hold them all.
    """
    asked = {match[1] for match in _SHORT.finditer(text)}
    if not asked:
        return text
    hashes = set(_LINK.findall(before))
    if not asked <= {sha256[:SHORT_DIGITS] for sha256 in hashes}:
        named = functools.reduce(operator.or_, (Q(sha256__startswith=each) for each in asked))
        owned = Image.objects.filter(named, owner_id=owner_id)
        hashes.update(owned.values_list("sha256", flat=True))

    def whole(match: re.Match[str]) -> str:
        found = [sha256 for sha256 in hashes if sha256.startswith(match[1])]
        return f"/media/{found[0]}{match[2]}" if len(found) == 1 else match[0]

    return _SHORT.sub(whole, text)


def path_of(image: Image) -> Path:
    return _path(image.name)


def markdown(image: Image, called: str = "") -> str:
    """Return the Markdown of an image, with the words of its file's name as its text."""
    stem = re.sub(r"[^\w ]+|_", " ", Path(called).stem)
    words = " ".join(stem.split())[:ALT_MAX_CHARACTERS]
    # Names that clipboards and cameras give do not describe the image.
    describes = re.search(r"[^\W\d]{3}", words) and not _NAMELESS.fullmatch(words)
    return f"![{words if describes else ''}](/media/{image.name})"


def purge(now: datetime) -> int:
    """Remove the images that no card or draft has shown for 35 days. Returns how many."""
    removed = 0
    for owner_id in Image.objects.order_by().values_list("owner_id", flat=True).distinct():
        shown = _shown(owner_id)
        owned = Image.objects.filter(owner_id=owner_id)
        owned.filter(sha256__in=shown).update(used_at=now)
        for image in owned.filter(used_at__lt=now - UNUSED_KEPT):
            with transaction.atomic():
                image.delete()
                drop_unowned([image.name])
            removed += 1
    return removed


def drop_unowned(names: list[str]) -> None:
    """Delete the files that no learner has a row for, once the transaction has committed."""
    for name in names:
        transaction.on_commit(functools.partial(_drop_if_unowned, name), robust=True)


@transaction.atomic
def _drop_if_unowned(name: str) -> None:
    sha256 = name.partition(".")[0]
    # Another request may be storing the same image.
    _lock(sha256)
    if not Image.objects.filter(sha256=sha256).exists():
        _path(name).unlink(missing_ok=True)


def names_of(owner_id: UUID) -> list[str]:
    """Return the file names of a learner's images."""
    return [image.name for image in Image.objects.filter(owner_id=owner_id)]


def _shown(owner_id: UUID) -> set[str]:
    """Return the hashes of the images in a learner's cards and drafts, trash included."""
    found: set[str] = set()
    chosen = cards.for_owner(owner_id).with_deleted()
    for field in ("question", "answer", "extra"):
        for row in chosen.filter(**{f"{field}__contains": "/media/"}).values(field):
            found.update(_LINK.findall(row[field]))
    drafts = Draft.objects.filter(batch__owner_id=owner_id, question__contains="/media/")
    for question, answer in drafts.values_list("question", "answer"):
        found.update(_LINK.findall(f"{question} {answer}"))
    return found


def _path(name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / "images" / name[:2] / name


def _lock(sha256: str) -> None:
    """Lock this file against other writers until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [f"image {sha256}"])


def _write(path: Path, content: bytes) -> None:
    """Write a file completely or not at all."""
    if path.exists():
        return
    durable_files.make_folder(path.parent, 0o700)
    durable_files.write(path, content)
