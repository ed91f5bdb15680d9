from datetime import timedelta
from unittest import mock

from django.test import override_settings
from django.utils import timezone

from accounts import services
from accounts.models import ApiKey, Endpoint
from accounts.results import KeyState
from accounts.services import provider_for
from tests.accounts.keys import KEY, OTHER_KEY, KeyTestCase
from tests.servers.compatible import OpenAIServer


class ProviderForTests(KeyTestCase):
    def save(self, key: str = KEY) -> None:
        services.save_api_key(user=self.alice, api_key=key, now=timezone.now())

    def test_it_is_claude_with_the_learners_own_key(self) -> None:
        self.save()

        # 1 the key, 2 the own server.
        with self.assertNumQueries(2):
            provider = provider_for(self.alice)

        self.assertEqual(provider.label, "Claude")
        self.assertNotIn(KEY, repr(provider))

    def test_it_is_never_claude_with_another_learners_key(self) -> None:
        self.save()

        self.assertEqual(provider_for(self.bob).label, "Offline")

    def test_it_is_offline_when_there_is_nothing_else(self) -> None:
        self.assertFalse(provider_for(self.alice).is_model)

    def test_it_is_ollama_when_one_runs(self) -> None:
        with OpenAIServer(ollama=True) as server, override_settings(OLLAMA_URL=server.root):
            self.assertEqual(provider_for(self.alice).label, "Ollama")
            self.save()
            self.assertEqual(provider_for(self.alice).label, "Claude")
            tutor = services.describe_tutor(self.alice)
            self.assertEqual((tutor.provider.label, tutor.otherwise.label), ("Claude", "Ollama"))

    def test_a_refused_key_is_not_used_until_another_is_saved(self) -> None:
        self.save()
        services.mark_key_refused(self.alice)

        self.assertEqual(provider_for(self.alice).label, "Offline")
        tutor = services.describe_tutor(self.alice)
        self.assertIs(tutor.key_state, KeyState.REFUSED)
        self.assertIn("Claude refused your key", tutor.reason)
        self.save(OTHER_KEY)
        self.assertEqual(provider_for(self.alice).label, "Claude")

    def test_a_key_saved_since_an_answer_was_asked_for_is_not_the_refused_one(self) -> None:
        self.save()
        saved_at = self.key_of(self.alice).updated_at

        services.mark_key_refused(self.alice, asked_at=saved_at - timedelta(seconds=1))
        self.assertEqual(self.key_of(self.alice).status, ApiKey.Status.WORKING)
        services.mark_key_refused(self.alice, asked_at=saved_at + timedelta(seconds=1))
        self.assertEqual(self.key_of(self.alice).status, ApiKey.Status.REFUSED)

    def test_marking_touches_only_the_learners_own_key(self) -> None:
        self.save()
        services.mark_key_refused(self.bob)

        self.assertEqual(self.key_of(self.alice).status, ApiKey.Status.WORKING)

    def test_a_key_that_cannot_be_read_is_a_state_and_no_error(self) -> None:
        self.save()
        ApiKey.objects.update(ciphertext="v1.lost.AAAA")

        self.assertEqual(provider_for(self.alice).label, "Offline")
        self.assertIs(services.describe_tutor(self.alice).key_state, KeyState.UNREADABLE)

    def test_a_ciphertext_copied_from_another_learner_is_not_read(self) -> None:
        self.save()
        ApiKey.objects.create(
            owner=self.bob,
            provider="anthropic",
            hint="x",
            ciphertext=self.key_of(self.alice).ciphertext,
        )

        self.assertEqual(provider_for(self.bob).label, "Offline")

    def test_only_sdks_that_somebody_needs_are_loaded_ahead(self) -> None:
        def loaded() -> list[str]:
            with (
                mock.patch("memoryloop.llm._import_anthropic") as claude,
                mock.patch("memoryloop.llm._import_openai") as compatible,
            ):
                services.load_sdks()
            pairs = (("claude", claude), ("compatible", compatible))
            return [name for name, importer in pairs if importer.called]

        self.assertEqual(loaded(), [])
        with override_settings(OPENAI_BASE_URL="http://127.0.0.1:9/v1"):
            self.assertEqual(loaded(), ["compatible"])
        self.save()
        self.assertEqual(loaded(), ["claude"])
        Endpoint.objects.create(owner=self.bob, base_url="http://127.0.0.1:9/v1")
        self.assertEqual(loaded(), ["claude", "compatible"])
