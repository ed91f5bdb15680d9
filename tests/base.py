"""Three people for every test: Alice owns things, Bob is another learner, Charlie is staff."""

from django.test import TestCase as DjangoTestCase

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
