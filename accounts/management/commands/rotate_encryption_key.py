"""`manage.py rotate_encryption_key`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import encryption
from accounts.models import ApiKey


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
        for pk in ApiKey.objects.order_by("pk").values_list("pk", flat=True):
            # One short transaction a row: learners may save and remove keys meanwhile.
            with transaction.atomic():
                row = ApiKey.objects.select_for_update().filter(pk=pk).first()
                if row is None:
                    continue
                owner_id, provider = row.owner_id, row.provider
                try:
                    plaintext = encryption.decrypt(
                        row.ciphertext, owner_id=owner_id, provider=provider
                    )
                except encryption.Unreadable:
                    unreadable.append(f"{row.hint} of {owner_id}")
                    continue
                if encryption.is_current(row.ciphertext):
                    current += 1
                    continue
                row.ciphertext = encryption.encrypt(plaintext, owner_id=owner_id, provider=provider)
                row.save(update_fields=["ciphertext"])
                rotated += 1
        self.stdout.write(f"{rotated} re-encrypted, {current} already under the first key.")
        if unreadable:
            raise CommandError(
                f"{len(unreadable)} cannot be read with any key at hand "
                f"({'; '.join(unreadable)}). Put the key that made them back into "
                "MEMORYLOOP_ENCRYPTION_KEYS, or have these learners save their key again."
            )
