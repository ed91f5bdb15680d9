"""Move what is pending to where it stays, now."""

import dataclasses
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from flashcards import store
from flashcards.store import StoreError


class Command(BaseCommand):
    help = (
        "Move every pending change from the journal in PostgreSQL into LanceDB. The background "
        "worker does this each minute; run it before copying files, or when no worker runs. Where "
        "the cards are in PostgreSQL, nothing is ever pending."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="say what was done as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = store.checkpoint_all()
        except StoreError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(dataclasses.asdict(done)))
            return
        self.stdout.write(
            f"{done.entries} changes moved: {done.cards} cards, {done.logs} reviews, "
            f"{done.erased_owners} owners erased, in {done.seconds:.2f} s."
        )
