"""Bring both stores up to this version, with a backup before."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from flashcards.maintenance import upgrade


class Command(BaseCommand):
    help = (
        "Bring the data of an earlier version up to date: back it up, migrate PostgreSQL, upgrade "
        "the card store. If that fails, the data is as it was. `serve` does it; run it with "
        "servers and workers stopped where they are started one by one. See docs/backup.md."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-backup",
            action="store_true",
            help="make no backup before, as MEMORYLOOP_BACKUP_BEFORE_UPGRADE=false does",
        )
        parser.add_argument(
            "--quiet", action="store_true", help="say nothing if there is nothing to do"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def tell(sentence: str) -> None:
            self.stdout.write(sentence)
            self.stdout.flush()

        try:
            done = upgrade.upgrade(
                now=timezone.now(), tell=tell, back_up=False if options["no_backup"] else None
            )
        except upgrade.UpgradeError as error:
            raise CommandError(str(error)) from error
        if not done and not options["quiet"]:
            tell("Everything is up to date.")
