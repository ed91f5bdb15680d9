"""Durable files: written whole or not at all, and flushed together with the folders they are in."""

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from accounts.models import User
from flashcards.cards import media
from flashcards.store.maintenance import checkpoint
from memoryloop import durable_files, environment
from tests.engines import looks_into_the_journal
from tests.factories import NOW, stored_card
from tests.flashcards.cards.test_media import picture


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Collect what is flushed to the disk."""
    paths = set[Path]()

    def flush(descriptor: int) -> None:
        paths.add(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", flush)
    return paths


def assert_durable(root: Path, flushed: set[Path], *, files: bool = True) -> None:
    """Check that everything below a folder is on the disk under its name."""
    for path in root.rglob("*"):
        assert path.parent in flushed, f"{path} may lose its name"
        assert not files or path.is_dir() or path in flushed, f"{path} may lose its content"


def test_a_file_and_the_folders_made_for_it_are_flushed(tmp_path: Path, flushed: set[Path]) -> None:
    file = tmp_path / "a" / "b" / "c" / "file"
    durable_files.make_folder(file.parent, 0o700)
    durable_files.write(file, b"words")
    assert_durable(tmp_path, flushed, files=False)
    assert file.read_bytes() == b"words"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert list(file.parent.iterdir()) == [file]


def test_a_file_is_replaced_whole_or_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    durable_files.write(file, b"old")
    durable_files.write(file, b"newer", replace=False)
    assert file.read_bytes() == b"old"
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space"):
        durable_files.write(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_secret_is_flushed(tmp_path: Path, flushed: set[Path]) -> None:
    file = tmp_path / "secrets" / "key"
    assert environment.secret("MEMORYLOOP_NO_SUCH", file) == file.read_text().strip()
    assert_durable(tmp_path, flushed, files=False)


@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_secret_is_not_used(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    with pytest.raises(ImproperlyConfigured, match="is empty: put it back from a backup"):
        environment.secret("MEMORYLOOP_NO_SUCH", file)
    assert file.read_text() == content


@pytest.mark.django_db
def test_an_image_and_its_folder_are_flushed(tmp_path: Path, flushed: set[Path]) -> None:
    alice = User.objects.create_user("alice@example.org")
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        media.store(owner_id=alice.pk, content=picture(), now=NOW)
    assert_durable(tmp_path, flushed, files=False)


@looks_into_the_journal
@pytest.mark.django_db
def test_what_a_checkpoint_writes_is_flushed(tmp_path: Path, flushed: set[Path]) -> None:
    alice = User.objects.create_user("alice@example.org")
    lancedb = tmp_path / "disk" / "lancedb"
    with override_settings(LANCEDB_URI=str(lancedb)):
        for _ in range(3):
            stored_card(alice)
            checkpoint.run()
        assert (lancedb / "flashcards.lance").is_dir()
        assert_durable(tmp_path, flushed)
