"""The encryption of learners' API keys: AES-256-GCM, bound to the row that holds the token.

A token reads `v1.<key id>.<base64 of nonce + ciphertext>`. The owner and the provider are
authenticated with it, so a token copied into another row decrypts for nobody. The key id says
which of settings.ENCRYPTION_KEYS made it: the first encrypts, all of them decrypt, and
`manage.py rotate_encryption_key` brings every token to the first.
"""

import base64
import binascii
import contextlib
import functools
import hashlib
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from memoryloop import environment

VERSION = "v1"
KEY_BYTES = 32
# The size GCM is defined for (NIST SP 800-38D, 5.2.1.1).
NONCE_BYTES = 12
# RFC 7914's figures for interactive use: 16 MB and about 50 ms, once in a process.
SCRYPT = {"n": 2**14, "r": 8, "p": 1}


class Unreadable(Exception):
    """No known key decrypts this token: the key is lost, or the token belongs to another row."""


@dataclass(frozen=True)
class EncryptionKey:
    """A key and its public id, from which the key cannot be guessed."""

    id: str
    key: bytes = field(repr=False)


@sensitive_variables()
@functools.lru_cache(maxsize=16)
def derive(secret: str) -> EncryptionKey:
    """Return the AES key of a secret: 32 bytes in URL-safe base64, or any other string."""
    try:
        material = base64.b64decode(secret, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        material = b""
    if len(material) != KEY_BYTES:
        # It may be a passphrase, so each guess at it is made expensive.
        material = hashlib.scrypt(
            secret.encode(), salt=b"memoryloop api keys", dklen=KEY_BYTES, **SCRYPT
        )
    return EncryptionKey(id=_expand(material, b"id", 6).hex(), key=_expand(material, b"key"))


@sensitive_variables()
def _expand(material: bytes, purpose: bytes, length: int = KEY_BYTES) -> bytes:
    info = b"memoryloop api keys v1 " + purpose
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info).derive(material)


@sensitive_variables()
def encryption_keys() -> list[EncryptionKey]:
    """Return the known keys, first the one that encrypts.

    Read when needed and not at import: the key file is made only once something is encrypted. Its
    key still decrypts after MEMORYLOOP_ENCRYPTION_KEYS is set. Raises ImproperlyConfigured where
    neither exists and the file cannot be made.
    """
    secrets = list(settings.ENCRYPTION_KEYS)
    file = Path(settings.ENCRYPTION_KEY_FILE)
    if not secrets:
        secrets = [environment.secret("MEMORYLOOP_ENCRYPTION_KEYS", file)]
    else:
        with contextlib.suppress(OSError):
            secrets.append(file.read_text().strip())
    return [derive(secret) for secret in dict.fromkeys(secrets) if secret]


@sensitive_variables()
def encrypt(plaintext: str, *, owner_id: uuid.UUID, provider: str) -> str:
    """Return a token that only `decrypt` with the same owner and provider can read."""
    first = encryption_keys()[0]
    header = f"{VERSION}.{first.id}"
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(first.key).encrypt(
        nonce, plaintext.encode(), _associated_data(header, owner_id, provider)
    )
    return f"{header}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


@sensitive_variables()
def decrypt(token: str, *, owner_id: uuid.UUID, provider: str) -> str:
    """Return the plaintext. Raises Unreadable, whatever is wrong with the token."""
    header, _, body = token.rpartition(".")
    version, _, key_id = header.partition(".")
    found = next((each for each in encryption_keys() if each.id == key_id), None)
    if version != VERSION or found is None:
        raise Unreadable
    try:
        raw = base64.b64decode(body, altchars=b"-_", validate=True)
        plaintext = AESGCM(found.key).decrypt(
            raw[:NONCE_BYTES],
            raw[NONCE_BYTES:],
            _associated_data(header, owner_id, provider),
        )
        return plaintext.decode()
    except (InvalidTag, ValueError):
        # binascii.Error and UnicodeDecodeError are ValueErrors. `from None` keeps what was being
        # decrypted out of tracebacks.
        raise Unreadable from None


def is_current(token: str) -> bool:
    """Tell whether the first key made this token."""
    return token.startswith(f"{VERSION}.{encryption_keys()[0].id}.")


def _associated_data(header: str, owner_id: uuid.UUID, provider: str) -> bytes:
    # A UUID's text has a fixed length and no newline, so no two rows give the same bytes.
    return f"{header}\n{owner_id}\n{provider}".encode()
