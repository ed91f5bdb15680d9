from django.urls import reverse

from tests.base import TestCase


class LogOutTests(TestCase):
    url = reverse("accounts:logout")

    def test_it_ends_the_session(self) -> None:
        self.log_in()
        key = self.client.session.session_key

        response = self.client.post(self.url)

        self.assertRedirects(response, reverse("home"))
        self.assertNotIn("_auth_user_id", self.client.session)
        self.assertFalse(self.client.session.exists(str(key)))

    def test_it_takes_only_post(self) -> None:
        self.log_in()

        self.assertEqual(self.client.get(self.url).status_code, 405)
        self.assertIn("_auth_user_id", self.client.session)

    def test_it_does_no_harm_to_those_who_are_not_logged_in(self) -> None:
        self.assertRedirects(self.client.post(self.url), reverse("home"))
