"""Have a class of tests run with one of the engines of the card store, whatever CARD_STORE says.

`CARD_STORE=postgresql make test` has all other tests run with PostgreSQL.
"""

import os
import unittest
from collections.abc import Callable
from typing import Any, TypeVar
from unittest import mock

from django.conf import settings
from django.test import SimpleTestCase, override_settings

from flashcards import store
from flashcards.models import StoreVersions
from flashcards.store import engines

F = TypeVar("F", bound=Callable[..., Any])
V = TypeVar("V")


class _Engine(SimpleTestCase):
    engine: StoreVersions.Engine

    @classmethod
    def setUpClass(cls) -> None:
        # Nothing is stored yet, so the setting decides.
        cls.enterClassContext(_chosen(cls.engine.value))
        if "CARD_STORE" in os.environ:
            # As it decides in the processes that the tests start.
            cls.enterClassContext(mock.patch.dict(os.environ, CARD_STORE=cls.engine.value))
        super().setUpClass()


class InPostgreSQL(_Engine):
    """Before the other bases of a class: PostgreSQL serves."""

    engine = StoreVersions.Engine.POSTGRESQL


class InLanceDB(_Engine):
    """Before the other bases of a class: LanceDB serves."""

    engine = StoreVersions.Engine.LANCEDB


def _only_lancedb(reason: str) -> Callable[[F], F]:
    return unittest.skipUnless(settings.CARD_STORE == StoreVersions.Engine.LANCEDB, reason)


# Of tests of what LanceDB alone has, or of how often it is asked.
looks_into_the_journal = _only_lancedb("The journal is LanceDB's.")
# Within the transaction of a test, nothing of PostgreSQL's rows is kept in memory: it may be rolled
# back yet. So there are more queries than a request takes.
counts_queries = _only_lancedb("In a transaction PostgreSQL's rows are read each time.")


def by_engine(*, lancedb: V, postgresql: V) -> V:
    """Return what is to be expected of the engine that serves."""
    return lancedb if settings.CARD_STORE == StoreVersions.Engine.LANCEDB else postgresql


class _chosen(override_settings):  # noqa: N801 - as Django's
    def __init__(self, engine: str) -> None:
        super().__init__(CARD_STORE=engine)

    def enable(self) -> None:
        super().enable()
        engines.forget()

    def disable(self) -> None:
        super().disable()
        store.clear_cache()
        engines.forget()
