from typing import Any

from django.test import Client, override_settings
from django.urls import reverse

from accounts import known_devices
from accounts.models import LogInAttempts
from tests.base import PASSWORD, TestCase

LOG_IN = reverse("accounts:login")
EMAIL = "alice@example.org"


def post(client: Client, password: str, *, url: str = LOG_IN, email: str = EMAIL) -> int:
    field = "username" if "admin" in url else "email"
    status: int = client.post(url, {field: email, "password": password}).status_code
    return status


def guess_from_everywhere(*, email: str = EMAIL, times: int = 40) -> list[int]:
    """Have a stranger guess, each time from another address and another browser."""
    return [
        post(Client(REMOTE_ADDR=f"203.0.113.{number}"), "wrong", email=email)
        for number in range(times)
    ]


class KnownDeviceTests(TestCase):
    def device_of(self, email: str = EMAIL, **more: Any) -> Client:
        """Return a browser on which this account has logged in before."""
        client = Client(**more)
        self.assertEqual(post(client, PASSWORD, email=email), 302)
        client.post(reverse("accounts:logout"))
        return client

    def test_guesses_at_one_account_are_counted_from_wherever_they_come(self) -> None:
        for email in (EMAIL, "nobody@example.org"):
            with self.subTest(email=email):
                statuses = guess_from_everywhere(email=email)
                self.assertEqual(statuses, [422] * 10 + [429] * 30)

    def test_it_does_not_hold_up_the_owner_on_a_device_that_is_known(self) -> None:
        device = self.device_of()
        guess_from_everywhere()

        self.assertEqual(post(device, "mistyped"), 422)
        self.assertEqual(post(device, PASSWORD), 302)

    def test_it_holds_up_an_unknown_device_for_a_window_and_no_longer(self) -> None:
        guess_from_everywhere()
        self.assertEqual(post(self.client, PASSWORD), 429)

        LogInAttempts.objects.update(window_started_at="2026-01-01T00:00Z")
        self.assertEqual(post(self.client, PASSWORD), 302)

    def test_strangers_in_the_same_place_hold_up_nobody_whose_device_is_known(self) -> None:
        device = self.device_of()
        for number in range(60):
            post(Client(), "wrong", email=f"{number % 9}@example.org")
        self.assertEqual(post(self.client, PASSWORD), 429)

        self.assertEqual(post(device, PASSWORD), 302)

    def test_a_known_device_has_its_own_limit(self) -> None:
        device = self.device_of()
        self.assertEqual([post(device, "wrong") for _ in range(9)], [422] * 8 + [429])

    def test_it_is_known_to_whom_it_belongs_only(self) -> None:
        device = self.device_of("bob@example.org")
        guess_from_everywhere()

        self.assertEqual(post(device, PASSWORD), 429)

    def test_several_accounts_share_a_device(self) -> None:
        device = self.device_of("bob@example.org")
        self.assertEqual(post(device, PASSWORD), 302)
        device.post(reverse("accounts:logout"))
        guess_from_everywhere()
        guess_from_everywhere(email="bob@example.org")

        for email in (EMAIL, "bob@example.org"):
            self.assertEqual(post(device, PASSWORD, email=email), 302)
            device.post(reverse("accounts:logout"))

    def test_nobody_makes_such_a_cookie(self) -> None:
        real = self.device_of().cookies[known_devices.COOKIE].value
        guess_from_everywhere()
        for made in (
            "",
            "x",
            real[:-1],
            real.replace(":", "x"),
            real[8:],
            "\ud800".encode("utf-8", "replace").decode(),
            known_devices.COOKIE * 500,
        ):
            with self.subTest(made=made[:20]):
                client = Client()
                client.cookies[known_devices.COOKIE] = made
                self.assertEqual(post(client, PASSWORD), 429)

    def test_the_admins_form_knows_devices_too(self) -> None:
        url = reverse("admin:login")
        email = "charlie@example.org"
        device = Client()
        self.assertEqual(post(device, PASSWORD, url=url, email=email), 302)
        device.post(reverse("accounts:logout"))
        guess_from_everywhere(email=email)

        self.assertEqual(post(self.client, PASSWORD, url=url, email=email), 200)
        self.assertEqual(post(device, PASSWORD, url=url, email=email), 302)

    def test_the_owners_success_gives_a_stranger_no_further_guess(self) -> None:
        device = self.device_of()
        guess_from_everywhere(times=9)
        # On another device, after a mistake; and on the known one.
        self.assertEqual(post(Client(REMOTE_ADDR="198.51.100.1"), PASSWORD), 302)
        self.assertEqual(post(device, PASSWORD), 302)

        self.assertEqual(guess_from_everywhere(times=12), [422] + [429] * 11)

    @override_settings(SESSION_COOKIE_SECURE=True)
    def test_the_cookie_is_for_the_server_alone_and_names_nobody(self) -> None:
        cookie = self.device_of().cookies[known_devices.COOKIE]
        self.assertTrue(cookie["httponly"])
        self.assertTrue(cookie["secure"])
        self.assertEqual(cookie["samesite"], "Lax")
        self.assertNotIn("alice", cookie.value)
        self.assertNotIn(str(self.alice.pk), cookie.value)
