"""Bring the card store up to the schema that this MemoryLoop knows."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from flashcards import store
from flashcards.store import StoreError, Upgrade


class Command(BaseCommand):
    help = (
        "Upgrade the card store after a new version of MemoryLoop was installed. `serve` does this "
        "by itself; run it after `migrate` where web servers and workers are started one by one. "
        "Cut off, it goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="say what was done as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        tell = options["verbosity"] > 0 and not options["json"]

        def progress(upgrade: Upgrade) -> None:
            if tell:
                self.stdout.write(f"Schema {upgrade.number}: {upgrade.what} …")

        try:
            done = store.upgrade(progress)
        except StoreError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"done": [upgrade.number for upgrade in done]}))
        elif tell:
            self.stdout.write("Done." if done else "The card store is up to date.")
