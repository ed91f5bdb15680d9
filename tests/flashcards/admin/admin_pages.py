"""What the tests of the admin's pages share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from uuid import UUID

from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from flashcards.store.lance import tables
from tests.base import PASSWORD, TestCase

CARDS = "admin:flashcards_storedflashcard_changelist"
CARD = "admin:flashcards_storedflashcard_change"
DELETE = "admin:flashcards_storedflashcard_delete"
RESTORE = "admin:flashcards_storedflashcard_restore"
LOGS = "admin:flashcards_storedreviewlog_changelist"
LOG = "admin:flashcards_storedreviewlog_change"
STORE = "admin:flashcards_storeversions_changelist"
CHECKPOINT = "admin:flashcards_storeversions_checkpoint"
JOURNAL = "admin:flashcards_journalentry_changelist"
DRAFTS = "admin:flashcards_draftbatch_changelist"


class AdminTestCase(TestCase):
    """Charlie is a superuser; Dana is staff with the permissions that a test gives her."""

    dana: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.dana = User.objects.create_user(
            "dana@example.org", PASSWORD, name="Dana", is_staff=True
        )

    def permit(self, *codenames: str) -> None:
        """Log Dana in with these permissions and no other."""
        found = Permission.objects.filter(codename__in=codenames)
        self.assertEqual(found.count(), len(codenames))
        self.dana.user_permissions.set(found)
        self.client.force_login(self.dana)

    def listed(self, url_name: str, **parameters: Any) -> list[UUID]:
        """Return the ids on a list's page, in the order shown."""
        response = self.client.get(reverse(url_name), parameters)
        self.assertEqual(response.status_code, 200, response.headers.get("Location"))
        return [row.pk for row in response.context["cl"].result_list]

    def assert_login_wanted(self, url: str) -> None:
        response = self.client.get(url)
        self.assertRedirects(
            response, f"{reverse('admin:login')}?next={url}", fetch_redirect_response=False
        )


@contextmanager
def counted_reads() -> Iterator[mock.Mock]:
    """Count reads of LanceDB, as calls of the mock: each opens its table anew."""
    existing = tables.existing
    with mock.patch.object(tables, "existing", autospec=True, side_effect=existing) as counter:
        yield counter
