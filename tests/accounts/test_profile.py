from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.web.middleware import TimeZoneMiddleware
from tests.base import TestCase

SETTINGS = reverse("settings:home")


class ProfileTests(TestCase):
    url = reverse("accounts:profile")

    def setUp(self) -> None:
        self.log_in()

    def test_it_is_a_section_of_the_settings(self) -> None:
        self.assertRedirects(self.client.get(self.url), f"{SETTINGS}#profile")
        response = self.client.get(SETTINGS)

        self.assertContains(response, 'value="Alice Learner"')
        self.assertContains(response, 'value="alice@example.org"')
        self.assertContains(response, '<option value="UTC" selected>UTC</option>', html=True)
        self.assertContains(response, '<optgroup label="Europe">')

    def test_it_saves_the_name_and_the_zone(self) -> None:
        response = self.client.post(self.url, {"name": "Al", "time_zone": "Asia/Tokyo"})

        self.assertRedirects(response, SETTINGS)
        alice = User.objects.get(pk=self.alice.pk)
        self.assertEqual((alice.name, alice.time_zone), ("Al", "Asia/Tokyo"))

    def test_it_changes_nothing_else(self) -> None:
        self.client.post(
            self.url,
            {
                "name": "Al",
                "time_zone": "UTC",
                "email": "mallory@example.org",
                "is_staff": "on",
                "is_superuser": "on",
                "id": str(self.bob.pk),
            },
        )

        alice = User.objects.get(pk=self.alice.pk)
        self.assertEqual(alice.email, "alice@example.org")
        self.assertFalse(alice.is_staff or alice.is_superuser)
        self.assertEqual(User.objects.get(pk=self.bob.pk).name, "Bob Learner")

    def test_it_refuses_bad_input_and_keeps_what_was_typed(self) -> None:
        for typed, words in (
            ({"name": "", "time_zone": "UTC"}, "Enter a name"),
            ({"name": "Al", "time_zone": "Mars/Olympus"}, "Choose a time zone from the list."),
            ({"name": "A" * 151, "time_zone": "UTC"}, "at most 150 characters"),
            ({}, "Enter a name"),
        ):
            with self.subTest(typed=typed):
                response = self.client.post(self.url, typed)
                self.assertContains(response, words, status_code=422)
        self.assertEqual(User.objects.get(pk=self.alice.pk).name, "Alice Learner")

    def test_it_keeps_an_alias_that_the_browser_named(self) -> None:
        User.objects.filter(pk=self.alice.pk).update(time_zone="US/Eastern")

        self.assertContains(self.client.get(SETTINGS), '<option value="US/Eastern" selected>')
        response = self.client.post(self.url, {"name": "Al", "time_zone": "US/Eastern"})
        self.assertEqual(response.status_code, 302)

    def test_it_returns_to_the_page_it_was_sent_from(self) -> None:
        typed = {"name": "Al", "time_zone": "UTC"}
        for target, expected in (
            (reverse("chat:home"), reverse("chat:home")),
            ("https://evil.example/", SETTINGS),
        ):
            with self.subTest(target=target):
                response = self.client.post(self.url, {**typed, "next": target})
                self.assertRedirects(response, expected, fetch_redirect_response=False)

    def test_a_name_is_text_and_not_markup(self) -> None:
        self.client.post(self.url, {"name": "<script>alert(1)</script>", "time_zone": "UTC"})

        self.assertNotContains(self.client.get(SETTINGS), "<script>alert")

    def test_it_is_for_learners_who_are_logged_in(self) -> None:
        response = Client().post(self.url, {"name": "Al", "time_zone": "UTC"})

        self.assertRedirects(response, f"{reverse('accounts:login')}?next={self.url}")

    def test_it_takes_only_get_and_post(self) -> None:
        self.assertEqual(self.client.patch(self.url).status_code, 405)


class TimeZoneTests(TestCase):
    def test_pages_tell_the_time_where_the_learner_is(self) -> None:
        seen: list[str] = []

        def look(request: HttpRequest) -> HttpResponse:
            seen.append(timezone.get_current_timezone_name())
            return HttpResponse()

        for zone, expected in (("Asia/Tokyo", "Asia/Tokyo"), ("No/Where", "UTC"), ("", "UTC")):
            request = HttpRequest()
            self.alice.time_zone = zone
            request.user = self.alice
            TimeZoneMiddleware(look)(request)
            self.assertEqual(seen.pop(), expected)
        self.assertEqual(timezone.get_current_timezone_name(), "UTC")
