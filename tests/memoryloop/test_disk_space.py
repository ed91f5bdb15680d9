"""The room on the disks: the least of those that are on this machine."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from memoryloop import disk_space


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return how much each folder's disk has left, to be changed."""
    told: dict[str, int] = {}

    def usage(path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=told[path.name])

    monkeypatch.setattr(shutil, "disk_usage", usage)
    return told


def test_the_disk_with_least_room_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: dict[str, int]
) -> None:
    for name in ("data", "postgres", "lance"):
        (tmp_path / name).mkdir()
    postgres = SimpleNamespace(folder=tmp_path / "postgres")
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "data")
    monkeypatch.setattr(settings, "EMBEDDED_POSTGRES", postgres)
    monkeypatch.setattr(settings, "LANCEDB_URI", str(tmp_path / "lance"))
    for least in ("data", "postgres", "lance"):
        free.update(data=30, postgres=30, lance=30)
        free[least] = 7
        assert disk_space.free_bytes() == 7
    monkeypatch.setattr(settings, "EMBEDDED_POSTGRES", None)
    monkeypatch.setattr(settings, "LANCEDB_URI", "s3://bucket/lance")
    free.update(data=30, postgres=1, lance=1)
    assert disk_space.free_bytes() == 30


def test_a_folder_that_is_not_there_yet_is_on_its_parents_disk(
    tmp_path: Path, free: dict[str, int]
) -> None:
    free[tmp_path.name] = 5
    assert disk_space.free_at(tmp_path / "not" / "yet") == 5
