"""Images and sounds on cards: checked, stored by the hash of their content, their owner's only.

Learners who store the same file share it; each has a row that allows them to have it. The file's
name is the hash, so its content never changes. It is deleted with the last row.
"""

import functools
import hashlib
import operator
import re
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, Sum

from flashcards.cards.media_kinds import SOUNDS, TYPES, BadMedia, inspect
from flashcards.models import Draft, MediaFile
from flashcards.store import cards
from memoryloop import durable_files

OWNER_MAX_BYTES = 1024 * 1024 * 1024
# An unused file is kept a little longer than the trash keeps cards.
UNUSED_KEPT = timedelta(days=35)
# Of the hash, so much stands in an editor; the learner's own files are few enough for that.
SHORT_DIGITS = 12
_EXTENSION = f"(?:{'|'.join(TYPES)})"
NAME = re.compile(
    rf"(?P<sha256>[0-9a-f]{{64}}|[0-9a-f]{{{SHORT_DIGITS}}})\.(?P<extension>{_EXTENSION})"
)
ALT_MAX_CHARACTERS = 80
_NAMELESS = re.compile(
    r"(?:image|img|picture|photo|screenshot|bildschirmfoto|blob|unnamed|dsc|dscf|dscn|pxl)"
    r"(?:[ \d]|at|from|am|pm|copy)*",
    re.IGNORECASE,
)
_LINK = re.compile(rf"/media/([0-9a-f]{{64}})\.{_EXTENSION}")
_LONG = re.compile(
    rf"(/media/[0-9a-f]{{{SHORT_DIGITS}}})[0-9a-f]{{{64 - SHORT_DIGITS}}}(\.[a-z0-9]+)"
)
_SHORT = re.compile(rf"/media/([0-9a-f]{{{SHORT_DIGITS}}})(\.{_EXTENSION})")
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def store(*, owner_id: UUID, content: bytes, now: datetime) -> MediaFile:
    """Check a file and store it for its owner, once if they have it already. Raises BadMedia."""
    kind = inspect(content)
    sha256 = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        _lock(sha256)
        owned = MediaFile.objects.filter(owner_id=owner_id)
        used = owned.aggregate(total=Sum("size_bytes"))["total"] or 0
        known = owned.filter(sha256=sha256).first()
        if known is None and used + len(content) > OWNER_MAX_BYTES:
            raise BadMedia(
                "Your images and sounds take up 1 GB, which is the limit. Remove some from your "
                "cards."
            )
        file, created = MediaFile.objects.get_or_create(
            owner_id=owner_id,
            sha256=sha256,
            defaults={
                "extension": kind.extension,
                "width": kind.width,
                "height": kind.height,
                "size_bytes": len(content),
                "created_at": now,
                "used_at": now,
            },
        )
        if not created:
            file.used_at = now
            file.save(update_fields=["used_at"])
        _write(path_of(file), content)
    return file


def find(*, owner_id: UUID, name: str) -> MediaFile | None:
    """Return the learner's own file of that name, which may be short. One SQL query."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    return MediaFile.objects.filter(
        owner_id=owner_id, sha256__startswith=match["sha256"], extension=match["extension"]
    ).first()


def shorten(text: str) -> str:
    """Return a text with short addresses of its files, as an editor shows them."""
    return _LONG.sub(r"\1\2", text)


def lengthen(text: str, *, owner_id: UUID, before: str = "") -> str:
    """Return a text with whole addresses: what `shorten` made of them, and what was typed so.

    The files are those of the text `before`, or else the learner's own. An address that is
    nobody's, or could be that of two, stays. One SQL query, if `before` does not hold them all.
    """
    asked = {match[1] for match in _SHORT.finditer(text)}
    if not asked:
        return text
    hashes = set(_LINK.findall(before))
    if not asked <= {sha256[:SHORT_DIGITS] for sha256 in hashes}:
        named = functools.reduce(operator.or_, (Q(sha256__startswith=each) for each in asked))
        owned = MediaFile.objects.filter(named, owner_id=owner_id)
        hashes.update(owned.values_list("sha256", flat=True))

    def whole(match: re.Match[str]) -> str:
        found = [sha256 for sha256 in hashes if sha256.startswith(match[1])]
        return f"/media/{found[0]}{match[2]}" if len(found) == 1 else match[0]

    return _SHORT.sub(whole, text)


def path_of(file: MediaFile) -> Path:
    return _path(file.name)


def markdown(file: MediaFile, called: str = "") -> str:
    """Return the Markdown that shows or plays a file, with the words of its name as its text."""
    stem = re.sub(r"[^\w ]+|_", " ", Path(called).stem)
    words = " ".join(stem.split())[:ALT_MAX_CHARACTERS]
    # Names that clipboards and cameras give do not describe the image.
    describes = re.search(r"[^\W\d]{3}", words) and not _NAMELESS.fullmatch(words)
    return f"![{words if describes else ''}](/media/{file.name})"


def purge(now: datetime) -> int:
    """Remove the files that no card or draft has had for 35 days. Returns how many."""
    removed = 0
    for owner_id in MediaFile.objects.order_by().values_list("owner_id", flat=True).distinct():
        shown = _shown(owner_id)
        owned = MediaFile.objects.filter(owner_id=owner_id)
        owned.filter(sha256__in=shown).update(used_at=now)
        for file in owned.filter(used_at__lt=now - UNUSED_KEPT):
            with transaction.atomic():
                file.delete()
                drop_unowned([file.name])
            removed += 1
    return removed


def drop_unowned(names: list[str]) -> None:
    """Delete the files that no learner has a row for, once the transaction has committed."""
    for name in names:
        transaction.on_commit(functools.partial(_drop_if_unowned, name), robust=True)


@transaction.atomic
def _drop_if_unowned(name: str) -> None:
    sha256 = name.partition(".")[0]
    # Another request may be storing the same file.
    _lock(sha256)
    if not MediaFile.objects.filter(sha256=sha256).exists():
        _path(name).unlink(missing_ok=True)


def names_of(owner_id: UUID) -> list[str]:
    """Return the names of a learner's files."""
    return [file.name for file in MediaFile.objects.filter(owner_id=owner_id)]


def _shown(owner_id: UUID) -> set[str]:
    """Return the hashes of the files in a learner's cards and drafts, trash included."""
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
    folder = "sounds" if name.rpartition(".")[2] in SOUNDS else "images"
    return Path(settings.MEDIA_ROOT) / folder / name[:2] / name


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
