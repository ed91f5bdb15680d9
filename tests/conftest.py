"""Fixtures for every test."""

from collections.abc import Iterator

import pytest

from flashcards.store import journal, queue, tables


@pytest.fixture(autouse=True)
def forgetful_store() -> Iterator[None]:
    """Let no test see what another's process-wide caches hold."""
    yield
    for module in (journal, queue, tables):
        module.forget()
