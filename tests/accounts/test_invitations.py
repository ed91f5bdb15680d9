from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, tasks
from accounts.models import Invitation, User
from tests.base import PASSWORD, TestCase

URL = reverse("accounts:sign_up")
TYPED = {"name": "Dora", "email": "dora@example.org", "password": PASSWORD}


def made(**fields: Any) -> str:
    """Make an invitation and return its link."""
    fields = {"note": "", "created_by": None, "lifetime": invitations.LIFETIME, **fields}
    invitation = invitations.make(now=timezone.now(), **fields)
    return invitations.link(invitation, base_url="")


def use(link: str, **changes: str) -> Any:
    """Open a link in a new browser, and send the form that is there."""
    client = Client()
    page = client.get(link)
    if page.status_code != 200:
        return page
    token = parse_qs(urlsplit(link).query)["invitation"][0]
    assert f'name="invitation" value="{token}"' in page.content.decode()
    return client.post(URL, {**TYPED, "invitation": token, **changes})


class OpenTests(TestCase):
    def test_everybody_signs_up_unless_it_is_said_otherwise(self) -> None:
        self.assertEqual(self.client.post(URL, TYPED).status_code, 302)


@override_settings(SIGNUP="closed")
class ClosedTests(TestCase):
    def test_nobody_signs_up_and_the_page_says_what_to_do(self) -> None:
        for link in (URL, made()):
            for response in (self.client.get(link), self.client.post(link, TYPED)):
                self.assertContains(response, "Sign-up is closed", status_code=403)
                self.assertContains(response, "ask the person who runs", status_code=403)
        self.assertFalse(User.objects.filter(email=TYPED["email"]).exists())


@override_settings(SIGNUP="invitation")
class InvitationTests(TestCase):
    def test_without_an_invitation_the_page_says_how_to_come_by_one(self) -> None:
        for response in (self.client.get(URL), self.client.post(URL, TYPED)):
            self.assertContains(response, "Sign-up is by invitation", status_code=403)
        self.assertFalse(User.objects.filter(email=TYPED["email"]).exists())

    def test_a_link_lets_one_person_in(self) -> None:
        link = made(note="Dora from work")
        self.assertEqual(use(link).status_code, 302)
        dora = User.objects.get(email=TYPED["email"])
        self.assertFalse(dora.is_staff)
        invitation = Invitation.objects.get()
        self.assertEqual(invitation.used_by, dora)

        again = use(link, email="erin@example.org")
        self.assertContains(again, "This invitation no longer works", status_code=410)
        self.assertFalse(User.objects.filter(email="erin@example.org").exists())

    def test_of_two_who_have_opened_it_one_gets_in(self) -> None:
        token = parse_qs(urlsplit(made()).query)["invitation"][0]
        statuses = [
            Client().post(URL, {**TYPED, "email": f"{n}@example.org", "invitation": token})
            for n in range(2)
        ]
        self.assertEqual([each.status_code for each in statuses], [302, 410])

    def test_what_was_mistyped_does_not_use_it_up(self) -> None:
        link = made()
        for changes in ({"email": "alice@example.org"}, {"password": "short"}, {"name": ""}):
            self.assertEqual(use(link, **changes).status_code, 422)
        self.assertEqual(use(link).status_code, 302)

    def test_it_expires(self) -> None:
        link = made()
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        self.assertEqual(use(link).status_code, 410)

    def test_it_is_made_by_nobody_else(self) -> None:
        real = made()
        for link in (
            real[:-1],
            real.replace("%3A", "x"),
            f"{URL}?invitation=x",
        ):
            with self.subTest(link=link):
                self.assertEqual(self.client.get(link).status_code, 410)

    def test_a_deleted_one_is_of_no_use(self) -> None:
        link = made()
        Invitation.objects.all().delete()
        self.assertEqual(use(link).status_code, 410)

    def test_old_ones_are_deleted_after_a_while(self) -> None:
        made()
        later = timezone.now() + timedelta(days=120)
        tasks.tidy(timestamp=int(timezone.now().timestamp()))
        self.assertTrue(Invitation.objects.exists())
        tasks.tidy(timestamp=int(later.timestamp()))
        self.assertFalse(Invitation.objects.exists())

    def test_the_command_prints_a_link(self) -> None:
        for options, begins in (
            (["--address", "https://learn.example.org/"], "https://learn.example.org/accounts/"),
            ([], "http://localhost:"),
        ):
            printed = StringIO()
            call_command("invite", "--days", "2", *options, stdout=printed, stderr=StringIO())
            link = printed.getvalue().strip()
            self.assertTrue(link.startswith(begins), link)
            parts = urlsplit(link)
            email = f"{len(options)}@example.org"
            self.assertEqual(use(f"{parts.path}?{parts.query}", email=email).status_code, 302)

    def test_staff_with_the_permission_make_one_in_the_admin(self) -> None:
        add = reverse("admin:accounts_invitation_add")
        dora = User.objects.create_user("staff@example.org", PASSWORD, is_staff=True)
        self.log_in(dora)
        self.assertEqual(self.client.get(add).status_code, 403)
        dora.user_permissions.add(*Permission.objects.filter(content_type__model="invitation"))
        self.assertEqual(self.client.get(add).status_code, 200)

        response = self.client.post(
            add,
            {"note": "Fred", "expires_at_0": "2099-01-01", "expires_at_1": "12:00"},
            follow=True,
        )
        invitation = Invitation.objects.get()
        self.assertEqual(invitation.created_by, dora)
        link = invitations.link(invitation, base_url="http://testserver")
        self.assertContains(response, link.split("=")[1][:20])
        change = reverse("admin:accounts_invitation_change", args=[invitation.pk])
        self.assertContains(self.client.get(change), link.split("=")[1][:20])
        self.assertContains(
            self.client.get(reverse("admin:accounts_invitation_changelist")), "Fred"
        )
        parts = urlsplit(link)
        self.assertEqual(use(f"{parts.path}?{parts.query}").status_code, 302)
        self.assertContains(self.client.get(change), "Used.")
