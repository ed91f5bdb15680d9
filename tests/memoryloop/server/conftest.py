"""One server's data, made once and copied, since making it takes most of a second."""

import shutil
from pathlib import Path

import pytest

from memoryloop.postgres.server import EmbeddedPostgres


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "postgres"
    with EmbeddedPostgres(folder).running():
        pass
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Return a folder of a server that has run before and does not now."""
    shutil.copytree(made, tmp_path / "postgres")
    return tmp_path / "postgres"
