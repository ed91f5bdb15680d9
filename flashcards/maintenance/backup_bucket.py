"""Backups in a bucket of S3's protocol, found as LanceDB finds its own (AWS_… in the settings).

A backup is written to the disk first, because a dump does not know its size until its end, and
verified there; then it is uploaded, read back and compared with its checksums.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from pyarrow import fs

from flashcards.maintenance import restore, verify_backup
from flashcards.maintenance.backup import MANIFEST, BackupError
from flashcards.maintenance.stored_backups import Make, Meanwhile, Stored, read_stored
from flashcards.maintenance.verify_backup import VERIFIED

_CHUNK_BYTES = 4 << 20
# Of one request; a page waits for a few of them.
_CONNECT_SECONDS, _REQUEST_SECONDS = 5, 30
_ATTEMPTS = 3
# What S3's errors have in them, and what they mean.
_MEANINGS = (
    (("NO_SUCH_BUCKET", "NoSuchBucket"), "there is no such bucket"),
    (("ACCESS_DENIED", "AccessDenied", "HTTP response code 403"), "access is denied"),
    (("InvalidAccessKeyId", "INVALID_ACCESS_KEY_ID"), "the access key is not known there"),
    (("SIGNATURE_DOES_NOT_MATCH", "SignatureDoesNotMatch"), "the secret key is wrong"),
    (
        ("NETWORK_CONNECTION", "curlCode", "timed out", "Timeout", "couldn't", "Couldn't"),
        "its server does not answer",
    ),
)


def filesystem() -> Any:
    """Return the bucket's files, with the keys and the server of the settings."""
    options = settings.LANCEDB_STORAGE_OPTIONS
    scheme, _, host = options.get("aws_endpoint", "").rpartition("://")
    return fs.S3FileSystem(
        access_key=options.get("aws_access_key_id"),
        secret_key=options.get("aws_secret_access_key"),
        session_token=options.get("aws_session_token"),
        region=options.get("aws_region"),
        scheme=scheme or "https",
        endpoint_override=host.rstrip("/") or None,
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    )


@contextlib.contextmanager
def in_words(address: str) -> Iterator[None]:
    """Turn what the bucket's server says into a sentence."""
    try:
        yield
    except OSError as error:
        said = str(error)
        meaning = next(
            (words for marks, words in _MEANINGS if any(mark in said for mark in marks)), said
        )
        raise BackupError(f"{address} cannot be used: {meaning}.") from error


@dataclass(frozen=True)
class Bucket:
    """Backups under a prefix of a bucket."""

    address: str

    @property
    def disk(self) -> Path:
        return _aside()

    @cached_property
    def files(self) -> Any:
        with in_words(self.address):
            return filesystem()

    def stored(self, kind: str) -> list[Stored]:
        found = []
        with in_words(self.address):
            for path in self._folders(kind):
                with contextlib.suppress(FileNotFoundError, BackupError):
                    text = _read(self.files, f"{path}/{MANIFEST}")
                    manifest = restore.parse_manifest(Path(path), text)
                    address, name = f"s3://{path}", path.rpartition("/")[2]
                    mark = self.files.get_file_info(f"{path}/{VERIFIED}")
                    is_verified = mark.type == fs.FileType.File
                    found.append(read_stored(address, name, manifest, is_verified))
        return sorted(found, key=lambda each: each.made_at, reverse=True)

    def add(self, kind: str, name: str, make: Make, *, now: datetime, meanwhile: Meanwhile) -> str:
        folder, path = _aside() / name, f"{self._path(kind)}/{name}"
        try:
            # Told before the work, not after it.
            self._require_bucket()
            manifest = make(folder)
            verify_backup.verify(folder, manifest, meanwhile=meanwhile)
            with in_words(self.address):
                for file in manifest.files:
                    _upload(self.files, folder / file, f"{path}/{file}", meanwhile)
                for file, described in manifest.files.items():
                    if _digest(self.files, f"{path}/{file}", meanwhile) != described["sha256"]:
                        raise BackupError(f"s3://{path}/{file} is not what was uploaded.")
                _upload(self.files, folder / MANIFEST, f"{path}/{MANIFEST}", meanwhile)
                with self.files.open_output_stream(f"{path}/{VERIFIED}") as stream:
                    stream.write(verify_backup.content(now))
        finally:
            shutil.rmtree(_aside(), ignore_errors=True)
        return f"s3://{path}"

    def remove(self, kind: str, name: str) -> None:
        path = f"{self._path(kind)}/{name}"
        with in_words(self.address):
            # From then on it is no backup.
            self.files.delete_file(f"{path}/{MANIFEST}")
            self.files.delete_dir(path)

    def clear_leftovers(self, kind: str) -> None:
        shutil.rmtree(_aside(), ignore_errors=True)
        with in_words(self.address):
            for path in self._folders(kind):
                if self.files.get_file_info(f"{path}/{MANIFEST}").type == fs.FileType.NotFound:
                    self.files.delete_dir(path)

    def _require_bucket(self) -> None:
        bucket = self.address.removeprefix("s3://").partition("/")[0]
        with in_words(self.address):
            if self.files.get_file_info(bucket).type == fs.FileType.NotFound:
                raise BackupError(f"{self.address} cannot be used: there is no such bucket.")

    def _path(self, kind: str) -> str:
        return f"{self.address.removeprefix('s3://')}/{kind}"

    def _folders(self, kind: str) -> list[str]:
        selector = fs.FileSelector(self._path(kind), allow_not_found=True)
        found = self.files.get_file_info(selector)
        return [info.path for info in found if info.type == fs.FileType.Directory]


@contextlib.contextmanager
def fetch(address: str, progress: Callable[[str], None]) -> Iterator[Path]:
    """Yield a copy of a backup on the disk, which goes with the block. Raises BackupError."""
    path = address.removeprefix("s3://").rstrip("/")
    folder = _aside() / path.rpartition("/")[2]
    try:
        progress(f"Fetching {address}")
        with in_words(address):
            files = filesystem()
            for info in files.get_file_info(fs.FileSelector(path, recursive=True)):
                if info.type == fs.FileType.File:
                    target = folder / info.path.removeprefix(f"{path}/")
                    if not target.resolve().is_relative_to(folder.resolve()):
                        raise BackupError(f"{info.path} is not inside of {path}.")
                    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    with files.open_input_stream(info.path) as source, target.open("wb") as sink:
                        shutil.copyfileobj(source, sink, _CHUNK_BYTES)
        yield folder
    finally:
        shutil.rmtree(_aside(), ignore_errors=True)


def _aside() -> Path:
    """Return the folder of what is on its way to a bucket or from one."""
    return Path(settings.DATA_DIR) / "backups" / "on-its-way"


def _upload(files: Any, source: Path, target: str, meanwhile: Meanwhile) -> None:
    with source.open("rb") as stream, files.open_output_stream(target) as sink:
        while chunk := stream.read(_CHUNK_BYTES):
            meanwhile()
            sink.write(chunk)


def _read(files: Any, path: str) -> bytes:
    with files.open_input_stream(path) as stream:
        return bytes(stream.read())


def _digest(files: Any, path: str, meanwhile: Meanwhile) -> str:
    digest = hashlib.sha256()
    with files.open_input_stream(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            meanwhile()
            digest.update(chunk)
    return digest.hexdigest()
