import re
from datetime import datetime, timedelta
from unittest import mock

from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from accounts.tasks import send_password_reset
from tests.base import PASSWORD, TestCase

NEW = "seven green bottles"


class AskForALinkTests(TestCase):
    url = reverse("accounts:password_reset")

    def test_it_says_and_does_the_same_for_every_address(self) -> None:
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        emails = ("alice@example.org", "bob@example.org", "nobody@example.org")
        # 1 count of the address, 2 count of the place, 3 the job for the worker.
        for email in emails:
            with self.subTest(email=email), self.assertNumQueries(3):
                response = self.client.post(self.url, {"email": email})
                self.assertRedirects(
                    response,
                    reverse("accounts:password_reset_done"),
                    fetch_redirect_response=False,
                )
        jobs = ProcrastinateJob.objects.filter(task_name="accounts.send_password_reset")
        self.assertEqual([job.args["email"] for job in jobs.order_by("id")], list(emails))
        self.assertEqual(jobs[0].args["base_url"], "http://testserver")
        self.assertEqual(len(mail.outbox), 0)

    def test_the_next_page_says_what_to_do(self) -> None:
        response = self.client.get(reverse("accounts:password_reset_done"))

        self.assertContains(response, "If that address has an account")
        self.assertEqual(self.client.post(reverse("accounts:password_reset_done")).status_code, 405)

    def test_it_says_what_is_wrong_with_an_address(self) -> None:
        for email, words in (("", "Enter your email address."), ("nobody", "such as ada@")):
            with self.subTest(email=email):
                response = self.client.post(self.url, {"email": email})
                self.assertContains(response, words, status_code=422)
        self.assertFalse(ProcrastinateJob.objects.exists())

    def test_it_fills_nobodys_mailbox(self) -> None:
        for _ in range(5):
            self.client.post(self.url, {"email": "alice@example.org"})
        elsewhere = Client(REMOTE_ADDR="198.51.100.7")

        response = elsewhere.post(self.url, {"email": "ALICE@example.org"})

        self.assertContains(response, "Too many attempts", status_code=429)
        self.assertEqual(ProcrastinateJob.objects.count(), 5)

    def test_it_stops_one_place_that_asks_for_many(self) -> None:
        for number in range(20):
            self.client.post(self.url, {"email": f"{number}@example.org"})

        response = self.client.post(self.url, {"email": "alice@example.org"})

        self.assertEqual(response.status_code, 429)

    def test_it_takes_only_get_and_post(self) -> None:
        self.assertEqual(self.client.get(self.url).status_code, 200)
        self.assertEqual(self.client.put(self.url).status_code, 405)


class SendTheLinkTests(TestCase):
    def test_it_sends_a_link_that_works(self) -> None:
        send_password_reset(email="alice@example.org", base_url="https://learn.example")

        (message,) = mail.outbox
        self.assertEqual(message.to, ["alice@example.org"])
        self.assertEqual(message.subject, "Set a new MemoryLoop password")
        self.assertIn("Hello Alice,", message.body)
        link = re.search(r"https://learn\.example(/accounts/reset/\S+)", str(message.body))
        assert link is not None
        self.assertEqual(self.client.get(link[1], follow=True).status_code, 200)

    def test_it_sends_nothing_where_there_is_nobody_to_let_in(self) -> None:
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        User.objects.create_user("unusable@example.org")
        for email in ("nobody@example.org", "bob@example.org", "unusable@example.org"):
            send_password_reset(email=email, base_url="https://learn.example")

        self.assertEqual(mail.outbox, [])

    def test_a_name_is_no_markup_and_no_header(self) -> None:
        User.objects.filter(pk=self.alice.pk).update(name="<b>Al\r\nBcc: x@example.org</b>")

        send_password_reset(email="alice@example.org", base_url="https://learn.example")

        self.assertIn("<b>Al", mail.outbox[0].body)
        self.assertNotIn("Bcc", mail.outbox[0].message())


class SetANewPasswordTests(TestCase):
    def link(self, user: User, token: str = "") -> str:
        return reverse(
            "accounts:password_reset_confirm",
            args=[
                urlsafe_base64_encode(force_bytes(str(user.pk))),
                token or default_token_generator.make_token(user),
            ],
        )

    def test_the_token_leaves_the_address_at_once(self) -> None:
        response = self.client.get(self.link(self.alice))

        self.assertRedirects(response, self.link(self.alice, "set"))
        self.assertNotContains(
            self.client.get(self.link(self.alice, "set")),
            default_token_generator.make_token(self.alice),
        )

    def test_it_sets_the_password_once_and_ends_every_session(self) -> None:
        other = Client()
        other.force_login(self.alice)
        link = self.link(self.alice)
        page = self.client.get(link)["Location"]

        response = self.client.post(page, {"new_password": NEW})

        self.assertRedirects(response, reverse("accounts:password_reset_complete"))
        self.assertTrue(User.objects.get(pk=self.alice.pk).check_password(NEW))
        self.assertEqual(other.get(reverse("settings:home")).status_code, 302)
        self.assertEqual(self.client.get(link).status_code, 410)
        self.assertEqual(self.client.post(page, {"new_password": "another one"}).status_code, 410)

    def test_it_lets_in_somebody_who_was_stopped_for_guessing(self) -> None:
        login = reverse("accounts:login")
        for _ in range(9):
            self.client.post(login, {"email": "alice@example.org", "password": "wrong"})
        page = self.client.get(self.link(self.alice))["Location"]
        self.client.post(page, {"new_password": NEW})

        response = self.client.post(login, {"email": "alice@example.org", "password": NEW})

        self.assertEqual(response.status_code, 302)

    def test_it_refuses_a_weak_password_and_keeps_the_link(self) -> None:
        page = self.client.get(self.link(self.alice))["Location"]

        response = self.client.post(page, {"new_password": "alice@example.org"})

        self.assertContains(response, "too similar to your email address", status_code=422)
        self.assertEqual(self.client.post(page, {"new_password": NEW}).status_code, 302)

    def test_a_link_of_another_learner_does_not_work(self) -> None:
        token = default_token_generator.make_token(self.bob)

        self.assertEqual(self.client.get(self.link(self.alice, token)).status_code, 410)

    def test_a_token_in_the_session_works_for_its_learner_only(self) -> None:
        self.client.get(self.link(self.alice))

        response = self.client.post(self.link(self.bob, "set"), {"new_password": NEW})

        self.assertEqual(response.status_code, 410)
        self.assertTrue(User.objects.get(pk=self.bob.pk).check_password(PASSWORD))

    def test_a_link_older_than_an_hour_does_not_work(self) -> None:
        link = self.link(self.alice)
        later = datetime.now() + timedelta(minutes=61)  # noqa: DTZ005 (as Django's own clock)
        with mock.patch.object(
            PasswordResetTokenGenerator, "_now", autospec=True, return_value=later
        ):
            response = self.client.get(link)

        self.assertContains(response, "This link no longer works", status_code=410)

    def test_nonsense_is_a_link_that_does_not_work(self) -> None:
        for first, second in (("abc", "def"), ("_w", "set"), ("MQ", "x-y"), ("é", "set")):
            with self.subTest(first=first):
                url = reverse("accounts:password_reset_confirm", args=[first, second])
                self.assertEqual(self.client.get(url).status_code, 410)

    def test_they_take_only_get_and_post(self) -> None:
        self.assertEqual(self.client.put(self.link(self.alice)).status_code, 405)
        self.assertEqual(
            self.client.post(reverse("accounts:password_reset_complete")).status_code, 405
        )
