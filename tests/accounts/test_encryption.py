import stat
import tempfile
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from django.test import SimpleTestCase, override_settings
from hypothesis import given
from hypothesis import strategies as st

from accounts import encryption
from accounts.encryption import Unreadable, decrypt, encrypt

ALICE, BOB = uuid.UUID(int=1), uuid.UUID(int=2)
# 32 bytes each, so that hypothesis does not wait for scrypt.
FIRST = urlsafe_b64encode(b"1" * 32).decode()
SECOND = urlsafe_b64encode(b"2" * 32).decode()
texts = st.text(st.characters(codec="utf-8"), max_size=300)


@override_settings(ENCRYPTION_KEYS=[FIRST], ENCRYPTION_KEY_FILE=Path("/nonexistent/key"))
class EncryptionTests(SimpleTestCase):
    @given(text=texts, owner=st.uuids(), provider=st.text(max_size=20))
    def test_what_is_encrypted_comes_back(self, text: str, owner: uuid.UUID, provider: str) -> None:
        provider = provider.encode(errors="ignore").decode()
        token = encrypt(text, owner_id=owner, provider=provider)

        self.assertEqual(decrypt(token, owner_id=owner, provider=provider), text)

    @given(text=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8))
    def test_a_token_shows_nothing_and_is_never_the_same_twice(self, text: str) -> None:
        one, two = (encrypt(text, owner_id=ALICE, provider="anthropic") for _ in range(2))

        self.assertNotEqual(one, two)
        self.assertNotIn(text, one)
        self.assertTrue(one.startswith("v1."))

    @given(data=st.data(), text=texts)
    def test_no_changed_token_is_ever_read(self, data: st.DataObject, text: str) -> None:
        token = encrypt(text, owner_id=ALICE, provider="anthropic")
        body = bytearray(urlsafe_b64decode(token.rpartition(".")[2]))
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] ^= data.draw(st.integers(1, 255))
        changed = f"{token.rpartition('.')[0]}.{urlsafe_b64encode(body).decode()}"

        with self.assertRaises(Unreadable):
            decrypt(changed, owner_id=ALICE, provider="anthropic")

    @given(token=st.text() | st.from_regex(r"v1\.[0-9a-f]{12}\.[\w=-]*"))
    def test_nonsense_is_unreadable_and_nothing_worse(self, token: str) -> None:
        key_id = encryption.derive(FIRST).id
        for each in (token, f"v1.{key_id}.{token}", f"v1.{key_id}.", f"v2.{key_id}.{token}"):
            with self.assertRaises(Unreadable):
                decrypt(each, owner_id=ALICE, provider="anthropic")

    def test_a_token_copied_to_another_row_is_unreadable(self) -> None:
        token = encrypt("secret", owner_id=ALICE, provider="anthropic")

        for owner, provider in ((BOB, "anthropic"), (ALICE, "openai"), (BOB, "openai")):
            with self.subTest(owner=owner, provider=provider), self.assertRaises(Unreadable):
                decrypt(token, owner_id=owner, provider=provider)

    def test_the_first_key_encrypts_and_all_of_them_decrypt(self) -> None:
        old = encrypt("secret", owner_id=ALICE, provider="anthropic")
        with override_settings(ENCRYPTION_KEYS=[SECOND, FIRST]):
            new = encrypt("secret", owner_id=ALICE, provider="anthropic")
            self.assertEqual(decrypt(old, owner_id=ALICE, provider="anthropic"), "secret")
            self.assertEqual(decrypt(new, owner_id=ALICE, provider="anthropic"), "secret")
            self.assertFalse(encryption.is_current(old))
            self.assertTrue(encryption.is_current(new))
        with self.assertRaises(Unreadable):
            decrypt(new, owner_id=ALICE, provider="anthropic")

    def test_any_string_is_a_key(self) -> None:
        for key in ("correct horse battery staple", "x", "ключ", FIRST.rstrip("=")):
            with self.subTest(key=key), override_settings(ENCRYPTION_KEYS=[key]):
                token = encrypt("secret", owner_id=ALICE, provider="anthropic")
                self.assertEqual(decrypt(token, owner_id=ALICE, provider="anthropic"), "secret")

    def test_a_key_says_nothing_of_itself(self) -> None:
        key = encryption.derive(FIRST)

        self.assertEqual(repr(key), f"EncryptionKey(id='{key.id}')")
        self.assertNotIn(key.id, key.key.hex())


class KeyFileTests(SimpleTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "secrets" / "encryption-key"
        overridden = override_settings(ENCRYPTION_KEYS=[], ENCRYPTION_KEY_FILE=self.file)
        overridden.enable()
        self.addCleanup(overridden.disable)

    def test_it_is_made_when_first_needed_for_its_owner_alone(self) -> None:
        self.assertFalse(self.file.exists())

        token = encrypt("secret", owner_id=ALICE, provider="anthropic")

        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.assertEqual(decrypt(token, owner_id=ALICE, provider="anthropic"), "secret")

    def test_it_still_decrypts_once_the_environment_names_keys(self) -> None:
        token = encrypt("secret", owner_id=ALICE, provider="anthropic")

        with override_settings(ENCRYPTION_KEYS=[SECOND]):
            self.assertEqual(decrypt(token, owner_id=ALICE, provider="anthropic"), "secret")
            self.assertFalse(encryption.is_current(token))

    def test_without_it_what_it_encrypted_is_unreadable(self) -> None:
        token = encrypt("secret", owner_id=ALICE, provider="anthropic")
        self.file.unlink()

        with self.assertRaises(Unreadable):
            decrypt(token, owner_id=ALICE, provider="anthropic")
