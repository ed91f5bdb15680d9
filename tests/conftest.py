"""Fixtures for every test."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from flashcards import store
from flashcards.review import ratings
from memoryloop.postgres.server import lock_file
from tests.live import LiveMemoryLoop
from tests.memoryloop.server.processes import processes_of, wait_for_no_disk

# A property holds or not: how long a busy machine takes to find out is no part of it.
hypothesis_settings.register_profile(
    "memoryloop", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("memoryloop")

# What takes longest, a browser's tests before all: begun first, it keeps no worker busy when the
# others have nothing left to do.
FIRST = (
    *("tests/e2e/test_pages.py", "tests/e2e/", "tests/test_any_parameters.py"),
    *("tests/memoryloop/server/", "tests/flashcards/store/", "tests/flashcards/maintenance/"),
    *("tests/test_", "tests/flashcards/exchange/"),
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long tests first, and leave the order as it is otherwise."""
    items.sort(key=lambda item: _turn(item.nodeid))


def _turn(nodeid: str) -> int:
    return next((turn for turn, name in enumerate(FIRST) if nodeid.startswith(name)), len(FIRST))


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each file to one worker, and the browser's tests but for their longest file, too.

    So no more than two workers begin a browser and the MemoryLoops it visits.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        turn = _turn(nodeid)
        return FIRST[turn] if turn < 2 else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def forgetful_store() -> Iterator[None]:
    """Let no test see what another's process-wide caches hold."""
    yield
    store.clear_cache()
    ratings.clear_cache()


@pytest.fixture(autouse=True, scope="session")
def quick_flush() -> Iterator[None]:
    """Empty the tables after each test that commits, the queue of jobs with them.

    By DELETE, in one message: with a few rows in each, TRUNCATE takes three times as long. Django's
    flush would make content types and permissions anew each time; here they stay.
    """

    # A job is deleted after what points at it: foreign keys of the queue are looked at at once.
    queue = [f"procrastinate_{name}" for name in ("events", "periodic_defers", "jobs", "workers")]
    stay = {"django_content_type", "auth_permission"}

    def empty_the_tables(_: TransactionTestCase) -> None:
        tables = [*queue, *sorted({*connection.introspection.django_table_names()} - stay)]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(";".join(f'DELETE FROM "{table}"' for table in tables))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_the_tables)
        yield


@pytest.fixture(scope="session")
def prepared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder on which MemoryLoop has run and been stopped: to copy, not to use.

    All workers share it. A first start makes the database and collects the static files, which
    takes as long as all else that it does.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    data = folder / "prepared"
    with lock_file(folder / "prepared.lock") as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not data.exists():
            begun = LiveMemoryLoop(data=folder / "being-prepared")
            begun.start()
            try:
                assert begun.health()[1]["status"] == "ok"
                wait_for_no_disk(begun.data / "postgres")
            finally:
                assert begun.stop() == 0
            assert processes_of(begun.data) == {}
            begun.data.rename(data)
    return data
