import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import throttling
from accounts.models import LogInAttempts, User
from accounts.web.forms.accounts import LogInForm
from tests.base import PASSWORD, TestCase

REFUSED = LogInForm.refused


@contextlib.contextmanager
def counted_hashes() -> Iterator[list[str]]:
    """Yield a list that grows with every run of Argon2, to make a hash or to check one."""
    runs: list[str] = []

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            runs.append("run")
            return real(*args, **kwargs)

        return run

    with (
        mock.patch.object(Argon2PasswordHasher, "encode", counted(Argon2PasswordHasher.encode)),
        mock.patch.object(Argon2PasswordHasher, "verify", counted(Argon2PasswordHasher.verify)),
    ):
        yield runs


class LogInTests(TestCase):
    url = reverse("accounts:login")

    def post(self, email: str, password: str = PASSWORD, **more: str) -> Any:
        return self.client.post(self.url, {"email": email, "password": password, **more})

    def test_it_logs_in_for_seven_days_under_a_new_session_key(self) -> None:
        session = self.client.session
        session["before"] = "kept"
        session.save()
        key = session.session_key

        response = self.post("alice@example.org")

        self.assertRedirects(response, reverse("chat:home"), fetch_redirect_response=False)
        self.assertEqual(self.client.session["_auth_user_id"], str(self.alice.pk))
        self.assertNotEqual(self.client.session.session_key, key)
        self.assertEqual(self.client.cookies["sessionid"]["max-age"], 7 * 24 * 3600)
        self.assertTrue(self.client.cookies["sessionid"]["httponly"])

    def test_it_takes_the_address_in_any_case_and_with_space_around(self) -> None:
        self.assertEqual(self.post("  ALICE@Example.org ").status_code, 302)

    def test_it_says_the_same_to_the_unknown_the_mistaken_and_the_inactive(self) -> None:
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        pages = set()
        for email, password in (
            ("nobody@example.org", PASSWORD),
            ("alice@example.org", "wrong"),
            ("bob@example.org", PASSWORD),
            ("bob@example.org", "wrong"),
        ):
            response = self.post(email, password)
            self.assertContains(response, REFUSED, status_code=422)
            token = response.context["csrf_token"]
            pages.add(response.content.decode().replace(email, "").replace(str(token), ""))
        self.assertEqual(len(pages), 1)

    def test_it_hashes_once_whoever_asks(self) -> None:
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        unusable = User.objects.create_user("unusable@example.org")
        self.assertFalse(unusable.has_usable_password())
        for email, password in (
            ("nobody@example.org", PASSWORD),
            ("alice@example.org", "wrong"),
            ("bob@example.org", PASSWORD),
            ("bob@example.org", "wrong"),
            ("unusable@example.org", PASSWORD),
        ):
            with self.subTest(email=email, password=password), counted_hashes() as runs:
                self.post(email, password)
            self.assertEqual(runs, ["run"])

    def test_it_asks_the_database_as_often_whoever_asks(self) -> None:
        # 1 count of the address in this place, 2 of the place, 3 of the address, 4 the user.
        for email in ("nobody@example.org", "alice@example.org"):
            with self.subTest(email=email), self.assertNumQueries(4):
                self.post(email, "wrong")

    def test_it_keeps_the_address_and_not_the_password(self) -> None:
        response = self.post("alice@example.org", "my wrong secret")

        self.assertContains(response, 'value="alice@example.org"', status_code=422)
        self.assertNotContains(response, "my wrong secret", status_code=422)

    def test_it_says_what_is_missing_without_counting_it(self) -> None:
        response = self.client.post(self.url, {})

        self.assertContains(response, "Enter your email address.", status_code=422)
        self.assertContains(response, "Enter a password.", status_code=422)
        self.assertFalse(LogInAttempts.objects.exists())

    def test_it_stops_after_eight_failures_and_says_when_to_come_back(self) -> None:
        for _ in range(8):
            self.assertEqual(self.post("alice@example.org", "wrong").status_code, 422)

        response = self.post("alice@example.org")

        self.assertContains(response, "Please try again in 15 minutes.", status_code=429)
        self.assertContains(response, 'value="alice@example.org"', status_code=429)
        self.assertAlmostEqual(int(response["Retry-After"]), 900, delta=5)
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_it_stops_as_early_for_an_address_nobody_has(self) -> None:
        for _ in range(8):
            self.assertEqual(self.post("nobody@example.org").status_code, 422)
        self.assertEqual(self.post("nobody@example.org").status_code, 429)

    def test_it_lets_people_in_again_once_the_window_has_passed(self) -> None:
        for _ in range(9):
            self.post("alice@example.org", "wrong")
        LogInAttempts.objects.update(
            window_started_at=timezone.now() - throttling.WINDOW - timedelta(seconds=1)
        )

        self.assertEqual(self.post("alice@example.org").status_code, 302)

    def test_it_forgets_the_failures_of_those_who_succeed(self) -> None:
        for _ in range(7):
            self.post("alice@example.org", "wrong")
        self.post("alice@example.org")
        self.client.logout()
        for _ in range(8):
            self.assertEqual(self.post("alice@example.org", "wrong").status_code, 422)

    def test_it_does_not_lock_a_learner_out_from_another_place(self) -> None:
        for _ in range(9):
            self.post("alice@example.org", "wrong")

        elsewhere = Client(REMOTE_ADDR="198.51.100.7")
        response = elsewhere.post(self.url, {"email": "alice@example.org", "password": PASSWORD})

        self.assertEqual(response.status_code, 302)

    def test_it_stops_one_place_that_tries_many_addresses(self) -> None:
        with mock.patch(
            "accounts.web.forms.accounts.authenticate", autospec=True, return_value=None
        ) as checked:
            for number in range(50):
                self.post(f"{number}@example.org")
            response = self.post("alice@example.org")

        self.assertEqual(response.status_code, 429)
        self.assertEqual(checked.call_count, 50)

    def test_it_believes_no_address_that_the_client_sends(self) -> None:
        for number in range(9):
            response = self.client.post(
                self.url,
                {"email": "alice@example.org", "password": "wrong"},
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
            )
        self.assertEqual(response.status_code, 429)

    def test_it_goes_to_the_next_page(self) -> None:
        shown = self.client.get(self.url, {"next": "/cards/?q=a&b=c"})
        self.assertContains(shown, 'name="next" value="/cards/?q=a&amp;b=c"')

        response = self.post("alice@example.org", next="/cards/?q=a&b=c")

        self.assertRedirects(response, "/cards/?q=a&b=c", fetch_redirect_response=False)

    def test_it_never_goes_to_another_host(self) -> None:
        for target in (
            "https://evil.example/",
            "//evil.example/",
            "///evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "http:evil.example",
        ):
            with self.subTest(target=target):
                self.client.logout()
                response = self.post("alice@example.org", next=target)
                self.assertRedirects(response, reverse("chat:home"), fetch_redirect_response=False)

    def test_it_sends_those_who_are_logged_in_on(self) -> None:
        self.log_in()

        response = self.client.get(self.url, {"next": "/cards/"})

        self.assertRedirects(response, "/cards/", fetch_redirect_response=False)

    def test_it_needs_the_token_that_forms_carry(self) -> None:
        client = Client(enforce_csrf_checks=True)

        response = client.post(self.url, {"email": "alice@example.org", "password": PASSWORD})

        self.assertEqual(response.status_code, 403)

    def test_it_takes_only_get_and_post(self) -> None:
        self.assertEqual(self.client.delete(self.url).status_code, 405)

    def test_it_is_stored_by_no_cache(self) -> None:
        self.assertIn("no-store", self.client.get(self.url)["Cache-Control"])
