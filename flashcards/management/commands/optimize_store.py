"""Compact the card store, keep its indexes up, prune old versions."""

import dataclasses
import json
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from flashcards import store
from flashcards.store import KEEP_VERSIONS, OptimizedTable, StoreError

HOUR = timedelta(hours=1)


class Command(BaseCommand):
    help = (
        "Compact LanceDB's tables, make missing indexes, index new rows and prune old versions. "
        "Checkpoints do this now and then by themselves; run it after a large import or deletion, "
        "or to free space at once. Reviews go on meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--keep-versions",
            type=_hours,
            default=KEEP_VERSIONS,
            metavar="HOURS",
            help="prune versions older than this (default: 1); 0 frees the most, but "
            "a page that is just being read may fail once",
        )
        parser.add_argument("--json", action="store_true", help="say what was done as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = options["json"] or options["verbosity"] == 0
        try:
            done = store.optimize_fully(
                options["keep_versions"],
                (lambda _: None) if quiet else lambda text: self.stderr.write(f"{text} …"),
            )
        except StoreError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps([dataclasses.asdict(table) for table in done], indent=1))
            return
        for table in done:
            self._tell(table)
        if not done:
            self.stdout.write("The card store is empty.")

    def _tell(self, done: OptimizedTable) -> None:
        before, after = done.before, done.after
        freed = ""
        if before.bytes is not None and after.bytes is not None:
            freed = f", {before.bytes / 1e6:,.1f} → {after.bytes / 1e6:,.1f} MB"
        made = f", indexes made on {', '.join(done.indexes_made)}" if done.indexes_made else ""
        self.stdout.write(
            f"{done.table}: {after.rows:,} rows, fragments {before.fragments} → {after.fragments}, "
            f"versions {before.versions} → {after.versions}{freed}{made}, in {done.seconds:.1f} s."
        )


def _hours(text: str) -> timedelta:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= 1_000_000:
        raise ArgumentTypeError(f"{text!r} is not a number of hours from 0 on")
    return hours * HOUR
