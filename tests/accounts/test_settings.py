from unittest import mock

from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.models import ApiKey
from tests.accounts.keys import HINT, KEY, OTHER_KEY, REFUSED_KEY, KeyTestCase
from tests.servers.compatible import OpenAIServer

HTMX = {"HX-Request": "true"}


class SettingsTests(KeyTestCase):
    url = reverse("settings:home")

    def setUp(self) -> None:
        super().setUp()
        self.log_in()

    def save(self) -> None:
        services.save_api_key(user=self.alice, api_key=KEY, now=timezone.now())

    def test_it_leads_back_to_where_a_key_failed_and_nowhere_else(self) -> None:
        back = reverse("chat:home")
        self.assertContains(self.client.get(self.url, {"next": back}), f'href="{back}">')
        self.assertContains(self.client.get(self.url, {"next": back}), "Back to the conversation")
        for address in ("", "//evil.example/", "https://evil.example/", "javascript:alert(1)"):
            page = self.client.get(self.url, {"next": address})
            self.assertNotContains(page, "Back to the conversation")
            self.assertNotContains(page, "evil.example")

    def test_it_says_that_nobody_answers_and_how_to_change_that(self) -> None:
        # 1 session, 2 user, 3 key, 4 own server.
        with self.assertNumQueries(4):
            response = self.client.get(self.url)

        self.assertContains(response, "You are working offline.")
        self.assertContains(response, "You have saved no Claude key")
        self.assertContains(response, "ollama pull")
        self.assertContains(response, "Save the key")
        self.assertContains(response, reverse("accounts:password_change"))
        self.assertContains(response, reverse("accounts:delete"))

    def test_it_says_that_claude_answers_and_shows_only_the_hint(self) -> None:
        self.save()
        response = self.client.get(self.url)

        self.assertContains(response, "Claude answers you.")
        self.assertContains(response, HINT)
        self.assertContains(response, "just now")
        self.assertNotContains(response, KEY)

    def test_it_says_that_ollama_answers(self) -> None:
        with OpenAIServer(ollama=True) as server, override_settings(OLLAMA_URL=server.root):
            response = self.client.get(self.url)

        self.assertContains(response, "Ollama answers you.")
        self.assertContains(response, "is connected to this server")

    def test_it_says_that_ollama_has_no_model(self) -> None:
        with OpenAIServer(ollama=True) as server, override_settings(OLLAMA_URL=server.root):
            server.models = []
            response = self.client.get(self.url)

        self.assertContains(response, "Ollama is running, but has no model")

    def test_it_says_that_a_key_can_no_longer_be_read(self) -> None:
        self.save()
        with override_settings(ENCRYPTION_KEYS=["another"], ENCRYPTION_KEY_FILE="/nonexistent/key"):
            response = self.client.get(self.url)

        self.assertContains(response, "This key can no longer be read: save it again.")
        self.assertContains(response, "Replace the key")
        self.assertNotContains(response, reverse("settings:test_key"))

    def test_it_says_that_a_key_was_refused(self) -> None:
        self.save()
        services.mark_key_refused(self.alice)

        self.assertContains(self.client.get(self.url), "Claude refused this key.")

    def test_it_shows_nobody_elses_key(self) -> None:
        self.save()
        self.log_in(self.bob)

        self.assertNotContains(self.client.get(self.url), HINT)

    def test_only_staff_see_the_way_to_the_administration(self) -> None:
        self.assertNotContains(self.client.get(self.url), reverse("admin:index"))
        self.log_in(self.charlie)
        self.assertContains(self.client.get(self.url), reverse("admin:index"))

    def test_it_has_no_inline_script_or_style(self) -> None:
        self.save()
        html = self.client.get(self.url).content.decode()

        self.assertNotIn("style=", html)
        self.assertNotIn("<script>", html)
        self.assertNotIn("onclick", html)

    def test_it_is_for_learners_who_are_logged_in(self) -> None:
        response = Client().get(self.url)

        self.assertRedirects(response, f"{reverse('accounts:login')}?next={self.url}")

    def test_it_takes_only_get(self) -> None:
        self.assertEqual(self.client.post(self.url).status_code, 405)

    def test_looking_again_asks_again(self) -> None:
        url = reverse("settings:tutor")
        with mock.patch("accounts.web.views.settings.clear_cache", autospec=True) as cleared:
            response = self.client.get(url, headers=HTMX)
            plain = self.client.get(url)

        self.assertEqual(cleared.call_count, 2)
        self.assertTemplateUsed(response, "accounts/_tutor.html")
        self.assertTemplateNotUsed(response, "base.html")
        self.assertRedirects(plain, self.url)
        self.assertEqual(self.client.post(url).status_code, 405)
        self.assertEqual(Client().get(url).status_code, 302)


class SaveKeyTests(KeyTestCase):
    url = reverse("settings:save_key")

    def setUp(self) -> None:
        super().setUp()
        self.log_in()

    def test_it_tries_the_key_and_saves_it(self) -> None:
        response = self.client.post(self.url, {"api_key": f"  {KEY}\n"}, follow=True)

        self.assertRedirects(response, reverse("settings:home"))
        self.assertContains(response, "The key works")
        row = self.key_of(self.alice)
        self.assertEqual((row.hint, row.status), (HINT, "working"))
        self.assertIsNotNone(row.tested_at)
        self.assertNotIn(KEY[7:-4], row.ciphertext)
        asked = [(request.method, request.path, request.key) for request in self.server.requests]
        # A key may list models that it may not ask: one is asked for a word.
        self.assertEqual(asked, [("GET", "/v1/models", KEY), ("POST", "/v1/messages", KEY)])

    def test_it_answers_htmx_with_the_section(self) -> None:
        response = self.client.post(self.url, {"api_key": KEY}, headers=HTMX)

        self.assertContains(response, "The key works")
        self.assertContains(response, 'id="tutor"')
        self.assertTemplateNotUsed(response, "base.html")

    def test_a_new_key_replaces_the_old(self) -> None:
        for key in (KEY, OTHER_KEY):
            self.client.post(self.url, {"api_key": key})

        self.assertEqual(self.key_of(self.alice).hint, "sk-ant-…1234")

    def test_it_refuses_the_wrong_shape_without_asking_anybody(self) -> None:
        for typed, words in (
            ("", "Paste your key here."),
            ("   ", "Paste your key here."),
            ("hello", "not look like"),
            ("sk-ant-short", "not look like"),
            ("sk-proj-" + "a" * 60, "not look like"),
            ("sk-ant-" + "a" * 200, "not look like"),
            ("sk-ant-api03-" + "é" * 40, "not look like"),
            ("sk-ant-api03-" + "a" * 20 + " " + "a" * 20, "not look like"),
            ("sk-ant-api03-" + "a" * 20 + "\r\nX-Evil: 1", "not look like"),
            ("x" * 20_000, "at most 10000 characters"),
        ):
            for headers in ({}, HTMX):
                with self.subTest(typed=typed[:30], headers=headers):
                    response = self.client.post(self.url, {"api_key": typed}, headers=headers)
                    self.assertContains(response, words, status_code=422)
                    if len(typed) > 10:
                        self.assertNotContains(response, typed.split()[0], status_code=422)
        self.assertEqual(self.client.post(self.url).status_code, 422)
        self.assertEqual(self.server.requests, [])
        self.assertFalse(ApiKey.objects.exists())

    def test_a_key_that_claude_refuses_never_replaces_one_that_works(self) -> None:
        self.client.post(self.url, {"api_key": KEY})
        for headers in ({}, HTMX):
            response = self.client.post(self.url, {"api_key": REFUSED_KEY}, headers=headers)
            self.assertContains(response, "It was not saved.", status_code=422)
            self.assertNotContains(response, REFUSED_KEY, status_code=422)
        self.assertEqual(self.key_of(self.alice).hint, HINT)

    def test_a_key_that_could_not_be_tried_is_saved_and_says_so(self) -> None:
        with override_settings(ANTHROPIC_BASE_URL="http://127.0.0.1:9"):
            response = self.client.post(self.url, {"api_key": KEY}, headers=HTMX)
            plain = self.client.post(self.url, {"api_key": KEY}, follow=True)

        self.assertContains(response, "saved and is used, though not tested")
        self.assertContains(response, "cannot be reached")
        self.assertContains(plain, "cannot be reached")
        row = self.key_of(self.alice)
        self.assertEqual((row.status, row.tested_at), ("untested", None))
        self.assertEqual(services.provider_for(self.alice).label, "Claude")

    def test_it_is_for_learners_who_are_logged_in(self) -> None:
        self.assertEqual(Client().post(self.url, {"api_key": KEY}).status_code, 302)
        self.assertFalse(ApiKey.objects.exists())

    def test_it_takes_only_post(self) -> None:
        self.assertEqual(self.client.get(self.url).status_code, 405)


class TestKeyTests(KeyTestCase):
    url = reverse("settings:test_key")

    def setUp(self) -> None:
        super().setUp()
        self.log_in()
        services.save_api_key(user=self.alice, api_key=KEY, now=timezone.now())
        self.addCleanup(self.server.refused_keys.clear)

    def test_it_tells_that_the_key_works(self) -> None:
        ApiKey.objects.update(status="untested", tested_at=None)

        response = self.client.post(self.url, headers=HTMX)

        self.assertContains(response, "The key works")
        self.assertEqual(self.key_of(self.alice).status, "working")
        self.assertIsNotNone(self.key_of(self.alice).tested_at)
        self.assertContains(self.client.post(self.url, follow=True), "The key works")

    def test_it_tells_that_claude_refuses_the_key(self) -> None:
        self.server.refused_keys.add(KEY)

        response = self.client.post(self.url, headers=HTMX)

        self.assertContains(response, "refused")
        self.assertEqual(self.key_of(self.alice).status, "refused")

    def test_a_refused_key_may_recover(self) -> None:
        services.mark_key_refused(self.alice)

        self.client.post(self.url)

        self.assertEqual(self.key_of(self.alice).status, "working")

    def test_trouble_on_the_way_changes_nothing(self) -> None:
        with override_settings(ANTHROPIC_BASE_URL="http://127.0.0.1:9"):
            response = self.client.post(self.url, headers=HTMX)

        self.assertContains(response, "cannot be reached")
        self.assertEqual(self.key_of(self.alice).status, "working")

    def test_a_rate_limit_says_when_to_try_again_and_changes_nothing(self) -> None:
        self.server.script_models(status=429, headers={"Retry-After": "20"})
        self.addCleanup(self.server.script_models)

        response = self.client.post(self.url, headers=HTMX)

        self.assertContains(response, "asked too often with this key. Try again in 20 seconds.")
        self.assertEqual(self.key_of(self.alice).status, "working")

    def test_a_key_saved_meanwhile_does_not_get_the_result_of_the_old(self) -> None:
        def replace(api_key: str, model: str) -> tuple[str, ...]:
            ApiKey.objects.update(ciphertext="another", status="untested")
            return ()

        with mock.patch("memoryloop.llm.check_claude_key", autospec=True, side_effect=replace):
            services.test_api_key(user=self.alice, now=timezone.now())

        self.assertEqual(self.key_of(self.alice).status, "untested")

    def test_it_says_that_a_key_cannot_be_read(self) -> None:
        ApiKey.objects.update(ciphertext="v1.lost.AAAA")

        response = self.client.post(self.url, headers=HTMX)

        self.assertContains(response, "This key can no longer be read: save it again.")

    def test_it_says_that_there_is_no_key(self) -> None:
        ApiKey.objects.all().delete()

        self.assertContains(self.client.post(self.url, headers=HTMX), "There is no key to test.")
        self.assertContains(self.client.post(self.url, follow=True), "There is no key to test.")

    def test_it_tests_nobody_elses_key(self) -> None:
        self.log_in(self.bob)
        self.server.requests.clear()

        self.client.post(self.url)

        self.assertEqual(self.server.requests, [])

    def test_it_is_for_learners_who_are_logged_in(self) -> None:
        self.assertEqual(Client().post(self.url).status_code, 302)

    def test_it_takes_only_post(self) -> None:
        self.assertEqual(self.client.get(self.url).status_code, 405)


class RemoveKeyTests(KeyTestCase):
    url = reverse("settings:remove_key")

    def setUp(self) -> None:
        super().setUp()
        self.log_in()
        for user in (self.alice, self.bob):
            services.save_api_key(user=user, api_key=KEY, now=timezone.now())

    def test_it_deletes_the_learners_key_and_no_other(self) -> None:
        response = self.client.post(self.url, headers=HTMX)

        self.assertContains(response, "Your Claude key is deleted.")
        self.assertEqual(ApiKey.objects.get().owner_id, self.bob.pk)

    def test_it_works_without_htmx_and_twice(self) -> None:
        for _ in range(2):
            response = self.client.post(self.url, follow=True)
            self.assertRedirects(response, reverse("settings:home"))
        self.assertEqual(ApiKey.objects.count(), 1)

    def test_it_is_for_learners_who_are_logged_in(self) -> None:
        self.assertEqual(Client().post(self.url).status_code, 302)
        self.assertEqual(ApiKey.objects.count(), 2)

    def test_it_takes_only_post(self) -> None:
        self.assertEqual(self.client.get(self.url).status_code, 405)
