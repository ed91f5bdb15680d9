"""Compact the card store and keep its indexes up."""

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
        "Make missing indexes and clear away what readers need no more: LanceDB's tables are "
        "compacted, new rows indexed and old versions pruned, PostgreSQL's are vacuumed. This goes "
        "on by itself now and then; run it after a large import or deletion, or to free space at "
        "once. Reviews go on meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--keep-versions",
            type=_hours,
            default=KEEP_VERSIONS,
            metavar="HOURS",
            help="prune LanceDB's versions older than this (default: 1); 0 frees the most, but "
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
        said = [f"{done.table}: {after.rows:,} rows"]
        for name in ("fragments", "versions", "dead_rows"):
            had, has = getattr(before, name), getattr(after, name)
            if had or has:
                said.append(f"{name.replace('_', ' ')} {had:,} → {has:,}")
        if before.bytes is not None and after.bytes is not None:
            said.append(f"{before.bytes / 1e6:,.1f} → {after.bytes / 1e6:,.1f} MB")
        if done.indexes_made:
            said.append(f"indexes made: {', '.join(done.indexes_made)}")
        self.stdout.write(f"{', '.join(said)}, in {done.seconds:.1f} s.")


def _hours(text: str) -> timedelta:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= 1_000_000:
        raise ArgumentTypeError(f"{text!r} is not a number of hours from 0 on")
    return hours * HOUR
