"""Fixtures for every test."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from flashcards import store

# A property holds or not: how long a busy machine takes to find out is no part of it.
hypothesis_settings.register_profile(
    "memoryloop", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("memoryloop")

# What takes longest, a browser's tests before all: begun first, it keeps no worker busy when the
# other has nothing left to do. The folder of the browser's tests is done in one piece, so that the
# browser and the MemoryLoops it visits are begun once.
FIRST = ("tests/e2e/test_pages.py", "tests/e2e/", "tests/memoryloop/server/")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long tests first, and leave the order as it is otherwise."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    return next(
        (turn for turn, name in enumerate(FIRST) if item.nodeid.startswith(name)), len(FIRST)
    )


@pytest.fixture(autouse=True)
def forgetful_store() -> Iterator[None]:
    """Let no test see what another's process-wide caches hold."""
    yield
    store.clear_cache()


@pytest.fixture(autouse=True, scope="session")
def no_jobs_left_behind() -> Iterator[None]:
    """Empty the queue after each test that commits: a flush knows managed models only."""
    # The stubs leave it out.
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def flush_and_empty_the_queue(case: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
        flush(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_and_empty_the_queue)
        yield
