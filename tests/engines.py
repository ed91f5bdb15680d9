"""Have a class of tests run with one of the engines of the card store, whatever CARD_STORE says."""

from django.test import SimpleTestCase, override_settings

from flashcards import store
from flashcards.models import StoreVersions
from flashcards.store import engines


class _Engine(SimpleTestCase):
    engine: StoreVersions.Engine

    @classmethod
    def setUpClass(cls) -> None:
        # Nothing is stored yet, so the setting decides.
        cls.enterClassContext(_chosen(cls.engine.value))
        super().setUpClass()


class InPostgreSQL(_Engine):
    """Before the other bases of a class: PostgreSQL serves."""

    engine = StoreVersions.Engine.POSTGRESQL


class InLanceDB(_Engine):
    """Before the other bases of a class: LanceDB serves."""

    engine = StoreVersions.Engine.LANCEDB


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
