import io
from pathlib import Path

from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from accounts import encryption, endpoints, services
from accounts.models import ApiKey, Endpoint
from accounts.results import KeyState
from tests.accounts.keys import KEY, OTHER_KEY, KeyTestCase
from tests.servers.compatible import OpenAIServer

NO_FILE = override_settings(ENCRYPTION_KEY_FILE=Path("/nonexistent/key"))


@NO_FILE
class RotateEncryptionKeyTests(KeyTestCase):
    def setUp(self) -> None:
        super().setUp()
        with override_settings(ENCRYPTION_KEYS=["old"]):
            for user, key in ((self.alice, KEY), (self.bob, OTHER_KEY)):
                services.save_api_key(user=user, api_key=key, now=timezone.now())

    def rotate(self) -> str:
        out = io.StringIO()
        call_command("rotate_encryption_key", stdout=out)
        return out.getvalue()

    def test_it_brings_every_key_under_the_first(self) -> None:
        with override_settings(ENCRYPTION_KEYS=["new", "old"]):
            self.assertIn("2 re-encrypted, 0 already", self.rotate())
            self.assertIn("0 re-encrypted, 2 already", self.rotate())

        with override_settings(ENCRYPTION_KEYS=["new"]):
            for user, key in ((self.alice, KEY), (self.bob, OTHER_KEY)):
                row = self.key_of(user)
                self.assertEqual(
                    encryption.decrypt(row.ciphertext, owner_id=user.pk, provider=row.provider), key
                )
                self.assertTrue(services.provider_for(user).is_model)

    def test_it_names_what_it_cannot_read_and_changes_nothing_of_it(self) -> None:
        with override_settings(ENCRYPTION_KEYS=["third"]):
            services.save_api_key(user=self.bob, api_key=OTHER_KEY, now=timezone.now())
        before = self.key_of(self.alice).ciphertext

        with (
            override_settings(ENCRYPTION_KEYS=["new", "third"]),
            self.assertRaises(CommandError) as caught,
        ):
            self.rotate()

        self.assertIn(f"sk-ant-…WXYZ of {self.alice.pk}", str(caught.exception))
        self.assertNotIn(KEY, str(caught.exception))
        self.assertEqual(self.key_of(self.alice).ciphertext, before)
        with override_settings(ENCRYPTION_KEYS=["new"]):
            self.assertTrue(encryption.is_current(self.key_of(self.bob).ciphertext))

    def test_it_brings_the_keys_of_own_servers_along_and_leaves_those_without_one(self) -> None:
        own_key, now = "sk-own-of-alice-1234", timezone.now()
        with OpenAIServer() as own, override_settings(ENCRYPTION_KEYS=["old"]):
            for user, api_key in ((self.alice, own_key), (self.bob, "")):
                endpoints.save_endpoint(
                    user=user, base_url=own.url, api_key=api_key, model="", now=now
                )
        with override_settings(ENCRYPTION_KEYS=["new", "old"]):
            self.assertIn("3 re-encrypted, 0 already", self.rotate())
        with override_settings(ENCRYPTION_KEYS=["new"]):
            for user, api_key in ((self.alice, own_key), (self.bob, "")):
                row = Endpoint.objects.get(owner=user)
                self.assertEqual(endpoints.read(row), (KeyState.WORKING, api_key))

    def test_it_has_nothing_to_do_without_keys(self) -> None:
        ApiKey.objects.all().delete()
        with override_settings(ENCRYPTION_KEYS=["new"]):
            self.assertIn("0 re-encrypted, 0 already", self.rotate())
