"""Fixtures for every test."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import TransactionTestCase

from flashcards.store import columns, journal, queue, tables


@pytest.fixture(autouse=True)
def forgetful_store() -> Iterator[None]:
    """Let no test see what another's process-wide caches hold."""
    yield
    for module in (columns, journal, queue, tables):
        module.forget()


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
