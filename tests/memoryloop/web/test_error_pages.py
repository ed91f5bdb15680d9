"""The pages for when something is wrong: plain words, a way out, and no need of a context."""

from typing import Any

from django.test import Client, RequestFactory
from django.urls import reverse
from django.views import defaults

from tests.base import TestCase


class ErrorPageTestCase(TestCase):
    def assert_says(self, response: Any, status: int, words: str) -> None:
        self.assertContains(response, words, status_code=status)
        self.assertContains(response, f'href="{reverse("home")}"', status_code=status)

    def test_an_unknown_address_says_so_to_visitors_and_learners(self) -> None:
        self.assert_says(self.client.get("/no/such/page/"), 404, "Page not found")
        self.log_in()
        response = self.client.get("/no/such/page/")
        self.assert_says(response, 404, "Page not found")
        self.assertContains(response, 'class="rail"', status_code=404)

    def test_a_page_from_before_a_log_in_says_how_to_go_on(self) -> None:
        client = Client(enforce_csrf_checks=True)
        response = client.post(reverse("accounts:login"), {"email": "a@example.org"})
        self.assert_says(response, 403, "The page has expired")

    def test_a_wrong_host_names_the_variable_to_set(self) -> None:
        response = self.client.get("/", headers={"host": "elsewhere.example"})
        self.assert_says(response, 400, "MEMORYLOOP_HOSTS")

    def test_what_is_not_allowed_is_said_plainly(self) -> None:
        request = RequestFactory().get("/")
        response = defaults.permission_denied(request, PermissionError())
        self.assert_says(response, 403, "You do not have permission to do that")

    def test_a_broken_server_still_shows_a_page(self) -> None:
        response = defaults.server_error(RequestFactory().get("/"))
        self.assert_says(response, 500, "Something went wrong on the server")
        self.assertNotContains(response, 'class="rail"', status_code=500)
