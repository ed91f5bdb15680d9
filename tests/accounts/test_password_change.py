from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.base import PASSWORD, TestCase

NEW = "seven green bottles"


class PasswordChangeTests(TestCase):
    url = reverse("accounts:password_change")

    def setUp(self) -> None:
        self.log_in()

    def test_it_shows_a_form_that_password_managers_understand(self) -> None:
        response = self.client.get(self.url)

        self.assertContains(response, 'autocomplete="current-password"')
        self.assertContains(response, 'autocomplete="new-password"')
        self.assertContains(response, 'value="alice@example.org" autocomplete="username" hidden')

    def test_it_changes_the_password_and_keeps_this_session_under_a_new_key(self) -> None:
        key = self.client.session.session_key

        response = self.client.post(self.url, {"password": PASSWORD, "new_password": NEW})

        self.assertRedirects(response, reverse("settings:home"))
        self.assertTrue(User.objects.get(pk=self.alice.pk).check_password(NEW))
        self.assertNotEqual(self.client.session.session_key, key)

    def test_it_ends_every_other_session(self) -> None:
        other = Client()
        other.force_login(self.alice)

        self.client.post(self.url, {"password": PASSWORD, "new_password": NEW})

        self.assertEqual(other.get(reverse("settings:home")).status_code, 302)
        self.assertEqual(self.client.get(reverse("settings:home")).status_code, 200)

    def test_it_wants_the_current_password(self) -> None:
        response = self.client.post(self.url, {"password": "wrong", "new_password": NEW})

        self.assertContains(response, "This is not your password.", status_code=422)
        self.assertTrue(User.objects.get(pk=self.alice.pk).check_password(PASSWORD))

    def test_it_refuses_a_weak_password_in_plain_words(self) -> None:
        for weak, words in (
            ("short", "Use at least 8 characters."),
            ("alice@example.org", "too similar to your email address"),
            ("", "Enter a password."),
            ("x" * 1001, "at most 1000 characters"),
        ):
            with self.subTest(weak=weak[:20]):
                response = self.client.post(self.url, {"password": PASSWORD, "new_password": weak})
                self.assertContains(response, words, status_code=422)

    def test_it_stops_somebody_who_guesses_at_an_open_session(self) -> None:
        for _ in range(8):
            self.client.post(self.url, {"password": "wrong", "new_password": NEW})

        response = self.client.post(self.url, {"password": PASSWORD, "new_password": NEW})

        self.assertContains(response, "Too many attempts", status_code=429)
        self.assertTrue(User.objects.get(pk=self.alice.pk).check_password(PASSWORD))

    def test_it_renders_no_password_back(self) -> None:
        response = self.client.post(self.url, {"password": "wrong one", "new_password": NEW})

        self.assertNotContains(response, "wrong one", status_code=422)
        self.assertNotContains(response, NEW, status_code=422)

    def test_it_is_for_learners_who_are_logged_in(self) -> None:
        response = Client().get(self.url)

        self.assertRedirects(response, f"{reverse('accounts:login')}?next={self.url}")

    def test_it_takes_only_get_and_post(self) -> None:
        self.assertEqual(self.client.put(self.url).status_code, 405)
