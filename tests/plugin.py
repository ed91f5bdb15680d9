"""Prepare the process for the tests, before Django reads its settings.

Loaded with `-p tests.plugin` (pyproject.toml): a data folder of its own. Unless DATABASE_URL names
a server, an embedded PostgreSQL starts there with the first test that wants it and ends with the
run.
"""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import environment

# What is imported and collected stays: the collector need not look through it again and again.
gc.disable()

_folder = tempfile.TemporaryDirectory(prefix="memoryloop-tests-")
_data = Path(_folder.name)
# Where WhiteNoise looks for collected files; it warns when the folder is missing.
(_data / "static").mkdir()
_database = {name: os.environ[name] for name in ("DATABASE_URL",) if name in os.environ}
_ours = environment(_data, {**_database, "DJANGO_SETTINGS_MODULE": "memoryloop.settings"})
os.environ.clear()
os.environ.update(_ours)


# Before the one of xdist itself.
@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers share the tests: two more than cores, as some wait.

    Each waits two fifths of the time, for processes that it has begun: with one more than cores a
    fifth of two cores had nothing to do.
    """
    return (os.cpu_count() or 1) + 2


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, settings: "object") -> None:
    """Give every test a LanceDB folder of its own."""
    settings.LANCEDB_URI = str(tmp_path / "lancedb")  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def uncollected_static_files(settings: "object") -> None:
    """Let pages name static files that nobody has collected."""
    settings.STORAGES = {  # type: ignore[attr-defined]
        **settings.STORAGES,  # type: ignore[attr-defined]
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True, scope="session")
def quick_hashes() -> None:
    """Hash with Argon2 at its lowest cost: tests make many accounts and guard none."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    Argon2PasswordHasher.time_cost = 1
    Argon2PasswordHasher.memory_cost = 8
    Argon2PasswordHasher.parallelism = 1


@pytest.fixture(autouse=True, scope="session")
def quick_files() -> Iterator[None]:
    """Do not wait for the disk: what the tests write may go with the power."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[None]:
    """Have the embedded PostgreSQL not wait for the disk either, before the database is made."""
    from django.conf import settings

    from tests.memoryloop.server.processes import wait_for_no_disk

    server = settings.EMBEDDED_POSTGRES
    if server is None:
        yield
        return
    with server.running():
        wait_for_no_disk(server.folder)
        yield
