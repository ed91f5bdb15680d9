"""`manage.py rotate_encryption_key`: encrypt the saved API keys with another key."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import encryption, endpoints
from accounts.models import ApiKey, Endpoint


class Command(BaseCommand):
    help = (
        "Encrypt every saved API key with the first of MEMORYLOOP_ENCRYPTION_KEYS. To change the "
        "key: put the new one in front of the old (new,old), restart, run this, and only then "
        "take the old one away. A key made by MemoryLoop itself (secrets/encryption-key in the "
        "data folder) counts as the last of the old ones as long as the file is there."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        rotated = current = 0
        unreadable: list[str] = []
        for model, pk in _rows_with_keys():
            # One short transaction a row: learners may save and remove keys meanwhile.
            with transaction.atomic():
                row = model.objects.select_for_update().filter(pk=pk).first()
                if row is None or not row.ciphertext:
                    continue
                owner_id, purpose = row.owner_id, _purpose(row)
                try:
                    plaintext = encryption.decrypt(
                        row.ciphertext, owner_id=owner_id, provider=purpose
                    )
                except encryption.Unreadable:
                    unreadable.append(f"{row.hint} of {owner_id}")
                    continue
                if encryption.is_current(row.ciphertext):
                    current += 1
                    continue
                row.ciphertext = encryption.encrypt(plaintext, owner_id=owner_id, provider=purpose)
                row.save(update_fields=["ciphertext"])
                rotated += 1
        self.stdout.write(f"{rotated} re-encrypted, {current} already under the first key.")
        if unreadable:
            raise CommandError(
                f"{len(unreadable)} cannot be read with any key at hand "
                f"({'; '.join(unreadable)}). Put the key that made them back into "
                "MEMORYLOOP_ENCRYPTION_KEYS, or have these learners save their key again."
            )


def _rows_with_keys() -> Iterator[tuple[type[ApiKey] | type[Endpoint], UUID]]:
    """Yield every row that holds a learner's key."""
    for pk in ApiKey.objects.order_by("pk").values_list("pk", flat=True):
        yield ApiKey, pk
    for pk in Endpoint.objects.exclude(ciphertext="").order_by("pk").values_list("pk", flat=True):
        yield Endpoint, pk


def _purpose(row: ApiKey | Endpoint) -> str:
    """Return what a row's key is encrypted for, besides its owner."""
    return row.provider if isinstance(row, ApiKey) else endpoints.encryption_purpose(row.base_url)
