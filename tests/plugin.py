"""Prepare the process for the tests, before Django reads its settings.

Loaded with `-p tests.plugin` (pyproject.toml): a data folder of its own, and unless DATABASE_URL
names a server, an embedded PostgreSQL that lives as long as the run.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_folder = tempfile.TemporaryDirectory(prefix="memoryloop-tests-")
os.environ["MEMORYLOOP_DATA"] = _folder.name
# Where WhiteNoise looks for collected files; it warns when the folder is missing.
(Path(_folder.name) / "static").mkdir()
os.environ["DJANGO_SETTINGS_MODULE"] = "memoryloop.settings"
# No test may find a model provider that happens to run on this machine.
os.environ["OLLAMA_URL"] = "http://127.0.0.1:9"
for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "LANCEDB_URI", "MEMORYLOOP_DEBUG"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Run the embedded server for the whole session."""
    from django.conf import settings

    if settings.EMBEDDED_POSTGRES is None:
        yield
        return
    with settings.EMBEDDED_POSTGRES.running():
        yield


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
