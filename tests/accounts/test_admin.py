from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import ApiKey, LogInAttempts, User
from accounts.throttling import LOG_IN
from tests.accounts.keys import HINT, KEY, KeyTestCase
from tests.base import PASSWORD, TestCase

LISTS = [
    reverse(f"admin:accounts_{model}_changelist") for model in ("user", "apikey", "loginattempts")
]


class AccessTests(TestCase):
    def test_it_is_for_staff_only(self) -> None:
        for user, status in ((None, 302), (self.alice, 302), (self.charlie, 200)):
            client = Client()
            if user:
                client.force_login(user)
            for url in (reverse("admin:index"), *LISTS):
                with self.subTest(user=user, url=url):
                    self.assertEqual(client.get(url).status_code, status)

    def test_staff_without_permission_see_no_learner(self) -> None:
        User.objects.filter(pk=self.bob.pk).update(is_staff=True)
        self.log_in(self.bob)

        for url in LISTS:
            self.assertEqual(self.client.get(url).status_code, 403)

    def test_it_bears_the_name_of_the_site(self) -> None:
        self.log_in(self.charlie)

        self.assertContains(self.client.get(reverse("admin:index")), "MemoryLoop")


class AdminLogInTests(TestCase):
    url = reverse("admin:login")

    def post(self, email: str, password: str = PASSWORD) -> int:
        response = self.client.post(self.url, {"username": email, "password": password})
        return response.status_code

    def test_staff_log_in_with_their_address(self) -> None:
        self.assertEqual(self.post("Charlie@example.org"), 302)
        self.assertEqual(self.client.session["_auth_user_id"], str(self.charlie.pk))

    def test_learners_do_not(self) -> None:
        self.assertEqual(self.post("alice@example.org"), 200)
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_it_is_throttled_together_with_the_other_log_in(self) -> None:
        login = reverse("accounts:login")
        for _ in range(4):
            self.post("charlie@example.org", "wrong")
            self.client.post(login, {"email": "charlie@example.org", "password": "wrong"})

        response = self.client.post(
            self.url, {"username": "charlie@example.org", "password": PASSWORD}
        )

        self.assertContains(response, "Too many attempts")
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_success_clears_the_count(self) -> None:
        for _ in range(7):
            self.post("charlie@example.org", "wrong")
        self.assertEqual(self.post("charlie@example.org"), 302)
        self.assertFalse(LogInAttempts.objects.filter(failures__gt=7).exists())

    def test_it_says_what_is_missing_without_counting_it(self) -> None:
        self.assertEqual(self.post("", ""), 200)
        self.assertFalse(LogInAttempts.objects.exists())


class UserAdminTests(TestCase):
    def setUp(self) -> None:
        self.log_in(self.charlie)

    def test_it_lists_searches_and_filters(self) -> None:
        self.assertContains(self.client.get(LISTS[0]), "alice@example.org")
        found = self.client.get(LISTS[0], {"q": "bob"})
        self.assertContains(found, "bob@example.org")
        self.assertNotContains(found, "alice@example.org")
        staff = self.client.get(LISTS[0], {"is_staff__exact": "1"})
        self.assertNotContains(staff, "bob@example.org")

    def test_it_costs_the_same_for_more_learners(self) -> None:
        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                self.client.get(LISTS[0])
            return len(captured)

        queries()
        few = queries()
        for number in range(20):
            User.objects.create(email=f"{number}@example.org")
        self.assertEqual(queries(), few)

    def test_it_adds_a_learner_by_address(self) -> None:
        typed = {
            "email": "Dora@Example.org",
            "name": "Dora",
            "usable_password": "true",
            "password1": "seven green bottles",
            "password2": "seven green bottles",
        }
        url = reverse("admin:accounts_user_add")
        self.assertEqual(self.client.get(url).status_code, 200)

        self.assertEqual(self.client.post(url, typed).status_code, 302)

        self.assertTrue(
            User.objects.get(email="dora@example.org").check_password(PASSWORD) is False
        )
        again = self.client.post(url, {**typed, "email": "DORA@example.org"})
        self.assertContains(again, "already exists")

    def test_it_changes_a_learner(self) -> None:
        url = reverse("admin:accounts_user_change", args=[self.alice.pk])
        self.assertContains(self.client.get(url), "alice@example.org")
        self.client.post(
            url, {"email": "New@Example.org", "name": "Al", "time_zone": "UTC", "is_active": "on"}
        )

        self.assertEqual(User.objects.get(pk=self.alice.pk).email, "new@example.org")

    def test_it_sets_a_password(self) -> None:
        url = reverse("admin:auth_user_password_change", args=[self.alice.pk])
        self.client.post(
            url, {"password1": "seven green bottles", "password2": "seven green bottles"}
        )

        self.assertTrue(User.objects.get(pk=self.alice.pk).check_password("seven green bottles"))


class ApiKeyAdminTests(KeyTestCase):
    def setUp(self) -> None:
        super().setUp()
        services.save_api_key(user=self.alice, api_key=KEY, now=timezone.now())
        self.row = self.key_of(self.alice)
        self.log_in(self.charlie)

    def test_it_shows_the_hint_and_never_the_key(self) -> None:
        for url in (
            LISTS[1],
            reverse("admin:accounts_apikey_change", args=[self.row.pk]),
            reverse("admin:accounts_apikey_delete", args=[self.row.pk]),
            reverse("admin:accounts_apikey_history", args=[self.row.pk]),
            reverse("admin:accounts_user_change", args=[self.alice.pk]),
            reverse("admin:accounts_user_delete", args=[self.alice.pk]),
        ):
            with self.subTest(url=url):
                html = self.client.get(url).content.decode()
                self.assertNotIn(KEY, html)
                self.assertNotIn(self.row.ciphertext, html)
        self.assertContains(self.client.get(LISTS[1]), HINT)

    def test_it_can_be_deleted_and_nothing_else(self) -> None:
        change = reverse("admin:accounts_apikey_change", args=[self.row.pk])
        self.assertEqual(self.client.get(reverse("admin:accounts_apikey_add")).status_code, 403)
        self.assertEqual(self.client.post(change, {"status": "refused"}).status_code, 403)

        self.client.post(
            reverse("admin:accounts_apikey_delete", args=[self.row.pk]), {"post": "yes"}
        )

        self.assertFalse(ApiKey.objects.exists())

    def test_a_search_cannot_reach_the_ciphertext(self) -> None:
        found = self.client.get(LISTS[1], {"q": self.row.ciphertext[:20]})

        self.assertNotContains(found, HINT)


class LogInAttemptsAdminTests(TestCase):
    def test_it_can_only_be_looked_at(self) -> None:
        self.log_in(self.charlie)
        LOG_IN.count("alice@example.org", "192.0.2.1", now=timezone.now())
        row = LogInAttempts.objects.get()
        page = reverse("admin:accounts_loginattempts_change", args=[row.pk])

        self.assertContains(self.client.get(LISTS[2]), row.key)
        self.assertEqual(self.client.get(page).status_code, 200)
        self.assertEqual(self.client.post(page, {"failures": 0}).status_code, 403)
        for action in ("add", "delete"):
            args = [row.pk] if action == "delete" else []
            url = reverse(f"admin:accounts_loginattempts_{action}", args=args)
            self.assertEqual(self.client.post(url, {"post": "yes"}).status_code, 403)
