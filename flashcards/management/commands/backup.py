"""Back up both stores into a folder."""

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from flashcards.maintenance import backup
from flashcards.store import StoreError
from memoryloop.postgres.dump import DumpError


class Command(BaseCommand):
    help = (
        "Write everything MemoryLoop holds into a new folder: PostgreSQL, the cards and reviews, "
        "uploaded files. Runs while MemoryLoop serves; both stores are of the same moment. "
        "The folder holds what the learners wrote: keep it where only you can read it. "
        "See docs/backup.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="a folder that is not there")
        parser.add_argument(
            "--with-secrets",
            action="store_true",
            help="add the files in data/secrets: what decrypts the learners' API keys and signs "
            "their sessions. Whoever has such a backup can use their keys",
        )
        parser.add_argument("--json", action="store_true", help="print the manifest as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        quiet = options["json"] or options["verbosity"] == 0
        try:
            made = backup.make(
                options["folder"],
                now=timezone.now(),
                with_secrets=options["with_secrets"],
                progress=(lambda _: None) if quiet else lambda text: self.stderr.write(f"{text} …"),
            )
        except (backup.BackupError, DumpError, StoreError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(dataclasses.asdict(made), indent=1))
            return
        counts = made.counts
        self.stdout.write(
            f"{counts['learners']:,} accounts, {counts['flashcards']:,} cards, "
            f"{counts['review_logs']:,} reviews and {counts['pending']:,} pending changes: "
            f"{made.bytes / 1e6:,.1f} MB in {options['folder']}, "
            f"{time.monotonic() - started:.1f} s."
        )
        if not made.with_secrets:
            self.stdout.write(
                f"Not in it: {settings.DATA_DIR / backup.SECRETS}. Without the encryption key "
                "there the learners must enter their API keys again: keep a copy elsewhere."
            )
        if settings.ENCRYPTION_KEYS:
            self.stdout.write(
                "Not in it: MEMORYLOOP_ENCRYPTION_KEYS, which your environment holds. Keep a copy."
            )
