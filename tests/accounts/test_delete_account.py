from django.db.models.signals import pre_delete
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, User
from tests.base import PASSWORD, TestCase


class DeleteAccountTests(TestCase):
    url = reverse("accounts:delete")

    def setUp(self) -> None:
        self.log_in()

    def test_it_says_what_goes(self) -> None:
        response = self.client.get(self.url)

        for words in (
            "conversations",
            "cards",
            "review history",
            "Claude key",
            "alice@example.org",
        ):
            self.assertContains(response, words)

    def test_it_deletes_the_learner_and_all_that_names_them(self) -> None:
        ApiKey.objects.create(owner=self.alice, provider="anthropic", ciphertext="x", hint="y")

        response = self.client.post(self.url, {"password": PASSWORD})

        self.assertRedirects(response, reverse("home"))
        self.assertFalse(User.objects.filter(email="alice@example.org").exists())
        self.assertFalse(ApiKey.objects.exists())
        self.assertNotIn("_auth_user_id", self.client.session)
        self.assertTrue(User.objects.filter(pk=self.bob.pk).exists())

    def test_it_tells_the_apps_that_keep_rows_elsewhere(self) -> None:
        told: list[User] = []

        def listen(instance: User, **kwargs: object) -> None:
            told.append(instance)

        pre_delete.connect(listen, sender=User)
        self.addCleanup(pre_delete.disconnect, listen, sender=User)
        self.client.post(self.url, {"password": PASSWORD})

        self.assertEqual([user.email for user in told], ["alice@example.org"])

    def test_it_deletes_nothing_when_a_part_cannot_be_deleted(self) -> None:
        self.client.raise_request_exception = False

        def fail(**kwargs: object) -> None:
            raise RuntimeError

        pre_delete.connect(fail, sender=User)
        self.addCleanup(pre_delete.disconnect, fail, sender=User)
        response = self.client.post(self.url, {"password": PASSWORD})

        self.assertEqual(response.status_code, 500)
        self.assertTrue(User.objects.filter(email="alice@example.org").exists())
        self.assertIn("_auth_user_id", self.client.session)

    def test_it_wants_the_password(self) -> None:
        for password, words in (("wrong", "This is not your password"), ("", "Enter a password")):
            with self.subTest(password=password):
                response = self.client.post(self.url, {"password": password})
                self.assertContains(response, words, status_code=422)
        self.assertEqual(self.client.post(self.url).status_code, 422)
        self.assertTrue(User.objects.filter(pk=self.alice.pk).exists())

    def test_it_stops_somebody_who_guesses(self) -> None:
        for _ in range(8):
            self.client.post(self.url, {"password": "wrong"})

        response = self.client.post(self.url, {"password": PASSWORD})

        self.assertContains(response, "Too many attempts", status_code=429)
        self.assertTrue(User.objects.filter(pk=self.alice.pk).exists())

    def test_another_session_of_the_learner_ends(self) -> None:
        other = Client()
        other.force_login(self.alice)
        self.client.post(self.url, {"password": PASSWORD})

        self.assertEqual(other.get(reverse("settings:home")).status_code, 302)

    def test_a_new_account_may_take_the_address(self) -> None:
        former = self.alice.pk
        self.client.post(self.url, {"password": PASSWORD})
        User.objects.create_user("alice@example.org", PASSWORD)

        self.assertNotEqual(User.objects.get(email="alice@example.org").pk, former)

    def test_it_is_for_learners_who_are_logged_in(self) -> None:
        response = Client().post(self.url, {"password": PASSWORD})

        self.assertRedirects(response, f"{reverse('accounts:login')}?next={self.url}")

    def test_it_takes_only_get_and_post(self) -> None:
        self.assertEqual(self.client.delete(self.url).status_code, 405)
