import re
from datetime import timedelta

from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import email_change, email_tokens, tasks
from accounts.models import EmailChange, User
from tests.base import PASSWORD, TestCase

NEW = "alice@elsewhere.example"


class EmailChangeTestCase(TestCase):
    url = reverse("accounts:email")

    def setUp(self) -> None:
        self.log_in()

    def ask(self, email: str = NEW, password: str = PASSWORD) -> int:
        response = self.client.post(self.url, {"new_email": email, "password": password})
        return response.status_code

    def send(self) -> dict[str, str]:
        """Do what the worker would, and return the text of each mail by its address."""
        mail.outbox.clear()
        for job in ProcrastinateJob.objects.filter(
            task_name__startswith="accounts.send_email"
        ).order_by("id"):
            getattr(tasks, job.task_name.removeprefix("accounts.")).func(**job.args)
        return {message.to[0]: str(message.body) for message in mail.outbox}

    def links(self) -> dict[str, str]:
        found = {}
        for address, text in self.send().items():
            match = re.search(r"/accounts/email/confirm/\S+", text)
            if match:
                found[address] = match[0]
        return found

    def email(self) -> str:
        return User.objects.get(pk=self.alice.pk).email


class AskTests(EmailChangeTestCase):
    def test_both_addresses_are_asked_and_nothing_changes_yet(self) -> None:
        self.assertEqual(self.ask(" ALICE@Elsewhere.example "), 302)

        self.assertEqual(set(self.send()), {"alice@example.org", NEW})
        self.assertEqual(self.email(), "alice@example.org")
        page = self.client.get(self.url)
        self.assertContains(page, "Waiting for confirmation")
        self.assertContains(page, NEW)

    def test_an_address_that_has_an_account_is_asked_in_the_same_way_and_gets_no_link(self) -> None:
        # 1 session, 2 learner, 3 count of passwords, 4 its end, 5 count of changes, 6 of the
        # address, 7 savepoint, 8 the change before, 9 the change, 10 and 11 the mails,
        # 12 release.
        for email in (NEW, "bob@example.org"):
            with self.subTest(email=email), self.assertNumQueries(12):
                self.assertEqual(self.ask(email), 302)

        mails = self.send()
        self.assertNotIn("confirm", mails["bob@example.org"])
        self.assertIn("has an account already", mails["bob@example.org"])
        self.assertNotIn("alice", mails["bob@example.org"])
        self.assertIn("confirm", mails["alice@example.org"])

    def test_it_wants_the_password_and_an_address(self) -> None:
        for data, words in (
            ({"new_email": NEW, "password": "wrong"}, "This is not your password"),
            ({"new_email": NEW}, "Enter a password."),
            ({"new_email": "nobody", "password": PASSWORD}, "such as ada@"),
            ({"new_email": "Alice@example.org", "password": PASSWORD}, "your address already"),
        ):
            with self.subTest(data=data):
                self.assertContains(self.client.post(self.url, data), words, status_code=422)
        self.assertFalse(EmailChange.objects.exists())
        self.assertFalse(ProcrastinateJob.objects.exists())

    def test_nobody_guesses_passwords_or_fills_mailboxes_with_it(self) -> None:
        for _ in range(5):
            self.ask()
        self.assertEqual(self.ask(), 429)
        self.log_in(self.bob)
        self.assertEqual(self.ask(), 429)
        for _ in range(8):
            self.ask(password="wrong")
        self.assertEqual(self.ask("b@example.net"), 429)

    def test_it_is_for_learners_who_are_logged_in(self) -> None:
        for name in ("email", "email_cancel"):
            self.assertEqual(Client().post(reverse(f"accounts:{name}")).status_code, 302)
        self.assertEqual(self.client.get(reverse("accounts:email_cancel")).status_code, 405)
        self.assertEqual(self.client.put(self.url).status_code, 405)


class ConfirmTests(EmailChangeTestCase):
    def test_it_is_changed_once_both_have_agreed_in_either_order(self) -> None:
        for first, second in (("alice@example.org", NEW), (NEW, "alice@example.org")):
            with self.subTest(first=first):
                User.objects.filter(pk=self.alice.pk).update(email="alice@example.org")
                ProcrastinateJob.objects.all().delete()
                self.ask()
                links = self.links()
                # On another device, without a session.
                response = Client().post(links[first])
                self.assertContains(response, "One of two")
                self.assertEqual(self.email(), "alice@example.org")
                self.assertContains(Client().post(links[second]), "is changed")
                self.assertEqual(self.email(), NEW)
                self.assertIn(NEW, self.send()["alice@example.org"])
        self.assertTrue(Client().login(username=NEW, password=PASSWORD))

    def test_opening_a_link_changes_nothing(self) -> None:
        self.ask()
        for link in self.links().values():
            response = Client().get(link)
            self.assertContains(response, "Confirm the change")
            self.assertContains(response, NEW)
        change = EmailChange.objects.get()
        self.assertEqual((change.old_confirmed_at, change.new_confirmed_at), (None, None))

    def test_one_address_cannot_agree_for_both(self) -> None:
        self.ask()
        link = self.links()[NEW]
        for _ in range(3):
            self.assertContains(Client().post(link), "One of two")
        self.assertEqual(self.email(), "alice@example.org")

    def test_links_that_are_old_replaced_cancelled_or_forged_lead_nowhere(self) -> None:
        self.ask()
        replaced = self.links()[NEW]
        ProcrastinateJob.objects.all().delete()
        self.ask()
        used = self.links()[NEW]
        EmailChange.objects.update(expires_at=timezone.now())
        forged = used[:-2] + ("a" if used[-2] != "a" else "b") + "/"
        for link in (replaced, used, forged, reverse("accounts:email_confirm", args=["x"])):
            with self.subTest(link=link):
                self.assertEqual(Client().get(link).status_code, 410)
                self.assertEqual(Client().post(link).status_code, 410)
        self.client.post(reverse("accounts:email_cancel"))
        self.assertFalse(EmailChange.objects.exists())
        self.assertEqual(Client().post(used).status_code, 410)
        self.assertEqual(self.email(), "alice@example.org")

    def test_a_link_ends_with_its_day_even_if_the_row_does_not(self) -> None:
        now = timezone.now()
        change = EmailChange.objects.create(
            owner=self.alice,
            old_email=self.alice.email,
            new_email=NEW,
            expires_at=now + timedelta(days=9),
        )
        token = email_tokens.make(str(change.id), "new")
        self.assertIsNotNone(email_change.open_link(token, now=now))
        with self.settings(SECRET_KEY="another"):
            self.assertIsNone(email_change.open_link(token, now=now))

    def test_an_address_that_was_taken_meanwhile_stays_anothers(self) -> None:
        self.ask()
        links = self.links()
        User.objects.create_user(NEW, PASSWORD)
        Client().post(links[NEW])
        response = Client().post(links["alice@example.org"])

        self.assertContains(response, "can’t be used", status_code=409)
        self.assertEqual(self.email(), "alice@example.org")
        self.assertFalse(EmailChange.objects.exists())

    def test_nothing_is_confirmed_for_an_account_that_was_closed_or_changed(self) -> None:
        self.ask()
        link = self.links()[NEW]
        User.objects.filter(pk=self.alice.pk).update(is_active=False)
        self.assertEqual(Client().post(link).status_code, 410)
        User.objects.filter(pk=self.alice.pk).update(is_active=True, email="other@example.org")
        self.assertEqual(Client().post(link).status_code, 410)

    def test_a_mail_is_not_sent_for_a_change_that_is_gone(self) -> None:
        self.ask()
        EmailChange.objects.all().delete()
        self.assertEqual(self.send(), {})

    def test_what_nobody_confirmed_is_forgotten(self) -> None:
        self.ask()
        tasks.tidy(timestamp=int((timezone.now() + timedelta(days=2)).timestamp()))
        self.assertFalse(EmailChange.objects.exists())
