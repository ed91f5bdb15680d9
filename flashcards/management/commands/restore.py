"""Restore a backup of both stores."""

import dataclasses
import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from flashcards.maintenance import backup_places, restore
from flashcards.maintenance.backup import BackupError
from flashcards.store import StoreError
from memoryloop import installation
from memoryloop.postgres.dump import DumpError


class Command(BaseCommand):
    help = (
        "Restore what `backup` wrote, into an installation without accounts and cards. Stop "
        "MemoryLoop first. Verifies the checksums before, and both stores after. "
        "Exit code 1 if something is wrong. See docs/backup.md."
    )
    # The database may be empty, or about to be replaced.
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", metavar="DIR", help="what `backup` wrote, or the s3://… address of a backup"
        )
        parser.add_argument(
            "--replace",
            action="store_true",
            help="throw away the accounts, messages, cards and reviews that are here",
        )
        parser.add_argument("--json", action="store_true", help="say what was done as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        quiet = options["json"] or options["verbosity"] == 0

        def progress(text: str) -> None:
            if not quiet:
                self.stderr.write(f"{text} …")

        try:
            with backup_places.local_copy(options["folder"], progress) as folder:
                done = restore.restore(
                    folder, now=timezone.now(), replace=options["replace"], progress=progress
                )
        except (BackupError, DumpError, StoreError) as error:
            raise CommandError(str(error)) from error
        report, seconds = done.report, time.monotonic() - started
        if options["json"]:
            said = {
                "clean": report.is_clean,
                "seconds": round(seconds, 3),
                "made_at": done.manifest.made_at,
                **dataclasses.asdict(report),
            }
            self.stdout.write(json.dumps(said, indent=1))
        else:
            self.stdout.write(
                f"The backup of {done.manifest.made_at} is back: {report.cards:,} cards, "
                f"{report.logs:,} reviews, {report.pending:,} changes pending, in {seconds:.1f} s."
            )
            if done.kept:
                drop = installation.command("switch_store --drop-old")
                self.stdout.write(
                    f"What {done.kept} has from before is kept: remove it with `{drop}`."
                )
            for finding in report.findings:
                self.stdout.write(f"{finding.sentence} {finding.count} times.")
        if not report.is_clean:
            raise SystemExit(1)
