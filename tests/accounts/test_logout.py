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

    def test_a_page_says_whose_it_is_so_that_other_tabs_can_tell(self) -> None:
        self.assertContains(self.client.get(reverse("accounts:login")), 'data-learner=""')
        self.log_in()
        page = self.client.get(reverse("settings:home"))
        self.assertContains(page, f'data-learner="{self.alice.pk}"')
        self.assertContains(page, "js/session.js")
