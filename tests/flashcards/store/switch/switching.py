"""Two learners of an installation whose cards are in LanceDB, for the tests of the switch."""

from django.test import TransactionTestCase

from accounts.models import User
from flashcards.models import StoreVersions
from flashcards.store import engines

LANCEDB, POSTGRESQL = StoreVersions.Engine.LANCEDB.value, StoreVersions.Engine.POSTGRESQL.value


class SwitchTestCase(TransactionTestCase):
    def setUp(self) -> None:
        StoreVersions.objects.update_or_create(id=1, defaults={"engine": LANCEDB})
        engines.forget()
        self.addCleanup(engines.forget)
        self.alice = User.objects.create_user("alice@example.org")
        self.bob = User.objects.create_user("bob@example.org")
