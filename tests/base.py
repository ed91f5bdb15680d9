"""Three people for every test: Alice owns things, Bob is another learner, Charlie is staff."""

from tempfile import TemporaryDirectory
from typing import Any

from django.test import TestCase as DjangoTestCase
from django.test import override_settings
from hypothesis.extra.django import TestCase as DjangoHypothesisTestCase

from accounts.models import User

PASSWORD = "correct horse battery staple"


class TestCase(DjangoTestCase):
    alice: User
    bob: User
    charlie: User

    @classmethod
    def setUpTestData(cls) -> None:
        cls.alice = User.objects.create_user("alice@example.org", PASSWORD, name="Alice Learner")
        cls.bob = User.objects.create_user("bob@example.org", PASSWORD, name="Bob Learner")
        cls.charlie = User.objects.create_superuser("charlie@example.org", PASSWORD, name="Charlie")

    def log_in(self, user: User | None = None) -> None:
        self.client.force_login(user or self.alice)


class HypothesisTestCase(DjangoHypothesisTestCase):
    """Gives each example a card store of its own: PostgreSQL forgets it as well."""

    def setup_example(self) -> None:
        super().setup_example()  # type: ignore[no-untyped-call]
        self._folder = TemporaryDirectory()
        self._store = override_settings(LANCEDB_URI=self._folder.name)
        self._store.enable()

    def teardown_example(self, example: Any) -> None:
        self._store.disable()
        self._folder.cleanup()
        super().teardown_example(example)  # type: ignore[no-untyped-call]
