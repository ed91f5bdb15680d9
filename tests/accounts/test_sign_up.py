from unittest import mock

from django.db import IntegrityError
from django.urls import reverse

from accounts import throttling
from accounts.models import User
from tests.base import PASSWORD, TestCase


class SignUpTests(TestCase):
    url = reverse("accounts:sign_up")

    def typed(self, **changes: str) -> dict[str, str]:
        return {
            "name": "Dora",
            "email": "Dora@Example.org",
            "password": "seven green bottles",
            "time_zone": "Europe/Berlin",
            **changes,
        }

    def test_it_shows_a_form_that_password_managers_understand(self) -> None:
        response = self.client.get(self.url)

        self.assertContains(response, 'autocomplete="new-password"')
        self.assertContains(response, 'autocomplete="email"')
        self.assertContains(response, "js/time-zone.js")
        self.assertContains(response, "js/password.js")
        self.assertContains(response, "autofocus", count=1)

    def test_it_creates_a_learner_and_logs_them_in(self) -> None:
        response = self.client.post(self.url, self.typed())

        self.assertRedirects(response, reverse("chat:home"), fetch_redirect_response=False)
        dora = User.objects.get(email="dora@example.org")
        self.assertEqual((dora.name, dora.time_zone), ("Dora", "Europe/Berlin"))
        self.assertTrue(dora.password.startswith("argon2"))
        self.assertEqual(self.client.session["_auth_user_id"], str(dora.pk))
        self.assertEqual(self.client.cookies["sessionid"]["max-age"], 7 * 24 * 3600)

    def test_it_takes_utc_for_a_time_zone_nobody_knows(self) -> None:
        for number, zone in enumerate(("", "Mars/Olympus", "../../etc/passwd", "x" * 500)):
            with self.subTest(zone=zone):
                self.client.logout()
                self.client.post(self.url, self.typed(email=f"{number}@x.org", time_zone=zone))
                self.assertEqual(User.objects.get(email=f"{number}@x.org").time_zone, "UTC")

    def test_it_says_what_is_wrong_and_keeps_what_was_typed(self) -> None:
        response = self.client.post(self.url, self.typed(password="password"))

        self.assertContains(response, "one of the first passwords", status_code=422)
        self.assertContains(response, 'value="Dora@Example.org"', status_code=422)
        self.assertContains(response, 'aria-describedby="id_password', status_code=422)
        self.assertFalse(User.objects.filter(email="dora@example.org").exists())

    def test_it_never_renders_a_password_back(self) -> None:
        response = self.client.post(
            self.url, self.typed(email="no", password="seven green bottles")
        )

        self.assertNotContains(response, "seven green", status_code=422)

    def test_it_refuses_bad_input_in_plain_words(self) -> None:
        for changes, words in (
            ({"email": "nobody"}, "Enter an email address, such as"),
            ({"email": ""}, "Enter your email address."),
            ({"name": "  "}, "Enter a name"),
            ({"name": "x" * 151}, "at most 150 characters"),
            ({"password": ""}, "Enter a password."),
            ({"password": "short"}, "Use at least 8 characters."),
            ({"password": "1029384756"}, "Use some letters too"),
            ({"password": "Dora@Example.org"}, "too similar to your email address"),
            ({"email": f"{'d' * 250}@x.org"}, "at most 254 characters"),
        ):
            with self.subTest(changes=changes):
                response = self.client.post(self.url, self.typed(**changes))
                self.assertContains(response, words, status_code=422)
        self.assertEqual(User.objects.count(), 3)

    def test_it_says_that_an_address_is_taken_whatever_its_capitals(self) -> None:
        response = self.client.post(self.url, self.typed(email="ALICE@example.org"))

        self.assertContains(response, "This address can&#x27;t be used", status_code=422)
        self.assertEqual(User.objects.filter(email__iexact="alice@example.org").count(), 1)

    def test_it_survives_an_address_taken_by_a_request_at_the_same_moment(self) -> None:
        with mock.patch.object(
            User.objects, "create_user", autospec=True, side_effect=IntegrityError
        ):
            response = self.client.post(self.url, self.typed())

        self.assertContains(response, "This address can&#x27;t be used", status_code=422)

    def test_it_stops_questions_about_a_list_of_addresses(self) -> None:
        for _ in range(throttling.SIGN_UP_REFUSED.attempts):
            self.client.post(self.url, self.typed(email="alice@example.org"))
        taken = self.client.post(self.url, self.typed(email="alice@example.org"))
        free = self.client.post(self.url, self.typed(email="free@example.org"))

        for response in (taken, free):
            self.assertContains(response, "Too many attempts", status_code=429)
        self.assertFalse(User.objects.filter(email="free@example.org").exists())

    def test_it_does_not_count_people_who_sign_up(self) -> None:
        for number in range(throttling.SIGN_UP_REFUSED.attempts + 2):
            self.client.logout()
            response = self.client.post(self.url, self.typed(email=f"{number}@x.org"))
            self.assertEqual(response.status_code, 302)

    def test_it_goes_to_the_next_page_only_on_this_host(self) -> None:
        for number, (target, expected) in enumerate(
            (("/cards/", "/cards/"), ("https://evil.example/", reverse("chat:home")))
        ):
            with self.subTest(target=target):
                self.client.logout()
                response = self.client.post(
                    self.url, self.typed(email=f"{number}@x.org", next=target)
                )
                self.assertRedirects(response, expected, fetch_redirect_response=False)

    def test_it_sends_those_who_are_logged_in_on(self) -> None:
        self.log_in()

        for response in (self.client.get(self.url), self.client.post(self.url, self.typed())):
            self.assertRedirects(response, reverse("chat:home"), fetch_redirect_response=False)
        self.assertFalse(User.objects.filter(email="dora@example.org").exists())

    def test_it_takes_only_get_and_post(self) -> None:
        self.assertEqual(self.client.put(self.url).status_code, 405)

    def test_people_who_log_in_find_the_password_they_chose(self) -> None:
        self.client.post(self.url, self.typed(password="  spaces count  "))

        dora = User.objects.get(email="dora@example.org")
        self.assertTrue(dora.check_password("  spaces count  "))
        self.assertFalse(dora.check_password(PASSWORD))
