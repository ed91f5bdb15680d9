"""The account export: everything of a learner in one ZIP, made while it is sent.

It is never a file on this machine, nor whole in memory. An app that stores data of learners
registers an exporter from its AppConfig; this module imports none of them.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from accounts.models import ApiKey, Endpoint, User
from memoryloop.csv_cells import quoted

# (path within the archive, its content in pieces)
File = tuple[str, Iterable[bytes]]
Exporter = Callable[[UUID], Iterator[File]]

# The size of a part that is sent: large enough that sending costs little.
PART_BYTES = 128 * 1024
_LINES_BYTES = 32 * 1024
_FETCHED_ROWS = 500
# Columns that are of no use outside of MemoryLoop, or secret.
_LEFT_OUT = frozenset({"owner_id", "embedding", "ciphertext", "password"})


@dataclass(frozen=True)
class _Registration:
    exporter: Exporter
    # Describes its files in the README of the archive.
    about: str


_registered: dict[str, _Registration] = {}


def register(name: str, exporter: Exporter, *, about: str = "") -> None:
    """Add the files that `exporter(owner_id)` yields to each archive. A name is registered once."""
    _registered[name] = _Registration(exporter, about)


def archive(owner_id: UUID, *, now: datetime) -> Generator[bytes, None, None]:
    """Yield the bytes of a learner's archive.

    Raises in the middle if a store cannot be read: what was sent by then is not a valid ZIP.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as bundle:
        for path, content in _files(owner_id, now):
            entry = zipfile.ZipInfo(path, date_time=now.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Unpacked, the files can be read by their owner only.
            entry.external_attr = 0o600 << 16
            with bundle.open(entry, "w") as file:
                for piece in content:
                    file.write(piece)
                    if sink.size >= PART_BYTES:
                        yield sink.take()
    yield sink.take()


def _files(owner_id: UUID, now: datetime) -> Iterator[File]:
    """Yield every file. A path that occurs a second time gets a number."""
    seen: set[str] = set()
    yield "README.txt", [_readme(now).encode()]
    for name in sorted(_registered):
        for path, content in _registered[name].exporter(owner_id):
            stem, dot, suffix = path.rpartition(".")
            unique, number = path, 1
            while unique.lower() in seen:
                number += 1
                unique = f"{stem} {number}{dot}{suffix}"
            seen.add(unique.lower())
            yield unique, content


def _readme(now: datetime) -> str:
    parts = [
        f"Everything that MemoryLoop stores about you, as it was at {now:%Y-%m-%d %H:%M} UTC.",
        "Text is UTF-8, and times are in UTC (ISO 8601). A .jsonl file has one JSON object on each "
        "line, a .csv file opens in any spreadsheet, and .md is Markdown, which any editor shows. "
        "Your keys for model providers and your password are not in it.",
        *(_registered[name].about for name in sorted(_registered)),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


class _Sink(io.RawIOBase):
    """A buffer that a ZipFile writes to and the archive is taken from. It cannot seek."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._parts.append(piece)
        self.size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        whole, self._parts, self.size = b"".join(self._parts), [], 0
        return whole


# Formats


def json_file(value: object) -> Iterator[bytes]:
    yield json.dumps(value, ensure_ascii=False, indent=2, cls=DjangoJSONEncoder).encode() + b"\n"


def json_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield each row as one line of JSON."""
    encode = json.JSONEncoder(ensure_ascii=False, default=DjangoJSONEncoder().default).encode
    lines: list[str] = []
    length = 0
    for row in rows:
        line = encode(row)
        lines.append(line)
        length += len(line)
        if length >= _LINES_BYTES:
            yield ("\n".join(lines) + "\n").encode()
            lines, length = [], 0
    if lines:
        yield ("\n".join(lines) + "\n").encode()


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield rows as CSV (RFC 4180), after a line with the names of the columns.

    Texts that a spreadsheet would compute are quoted; numbers are numbers, also below zero.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        cells = (row[name] for name in columns)
        writer.writerow([quoted(cell) if isinstance(cell, str) else cell for cell in cells])
        if text.tell() >= _LINES_BYTES:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def owned_models(
    folder: str, owned: Iterable[type[models.Model]], owner_id: UUID
) -> Iterator[File]:
    """Yield `<folder>/<model>.jsonl` with the learner's rows of each model that has some.

    A model without an owner belongs to its parent, by the first relation that leads to one.
    """
    for model in owned:
        rows = model._default_manager.filter(**{owner_lookup(model): owner_id}).order_by("pk")
        if rows.exists():
            name = model._meta.verbose_name_plural or model._meta.model_name
            yield f"{folder}/{str(name).replace(' ', '_')}.jsonl", json_lines(_values(rows))


def owner_lookup(model: type[models.Model]) -> str:
    """Return the lookup that filters a model's rows by their owner. Raises LookupError."""
    for field in model._meta.concrete_fields:
        if field.attname == "owner_id":
            return "owner_id"
    for field in model._meta.concrete_fields:
        parent = field.related_model
        if isinstance(parent, type) and parent._meta.app_label == model._meta.app_label:
            if parent is model:
                continue
            return f"{field.name}__{owner_lookup(parent)}"
    raise LookupError(f"{model.__name__} leads to no owner.")


def _values(rows: "models.QuerySet[Any]") -> Iterator[dict[str, Any]]:
    names = [
        field.attname
        for field in rows.model._meta.concrete_fields
        if field.attname not in _LEFT_OUT and not isinstance(field, models.BinaryField)
    ]
    return rows.values(*names).iterator(chunk_size=_FETCHED_ROWS)


# The export of this app


def export_account(owner_id: UUID) -> Iterator[File]:
    user = User.objects.get(pk=owner_id)
    profile = {
        name: getattr(user, name)
        for name in ("id", "email", "name", "time_zone", "date_joined", "last_login")
    }
    yield "account/profile.json", json_file(profile)
    yield "account/tutor.json", json_file(_tutor(owner_id))


def _tutor(owner_id: UUID) -> dict[str, Any]:
    key = ApiKey.objects.filter(owner=owner_id).first()
    own = Endpoint.objects.filter(owner=owner_id).first()
    return {
        "claude": {"model": key.model, "saved_at": key.updated_at} if key else None,
        "own_server": {
            "base_url": own.base_url,
            "model": own.model,
            "answers_first": own.comes_first,
            "saved_at": own.updated_at,
        }
        if own
        else None,
    }


register(
    "account",
    export_account,
    about="account/\n  profile.json  your name, address and time zone\n"
    "  tutor.json    which models you chose (without their keys)",
)
