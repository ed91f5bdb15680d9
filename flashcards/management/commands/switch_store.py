"""Move the cards to the other engine while people study."""

import dataclasses
import json
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from flashcards.maintenance import switch_store
from flashcards.models import StoreVersions
from flashcards.store import StoreError
from memoryloop import installation

Engine = StoreVersions.Engine


class Command(BaseCommand):
    help = (
        "Copy cards, reviews and vectors to the other engine while people study, verify them row "
        "by row, and have it serve from one moment on. Cut off, run it again: it goes on where it "
        "was. The old store is kept until --drop-old."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", choices=Engine.values, help="the engine that is to serve")
        parser.add_argument(
            "--anew", action="store_true", help="compare what was copied before once more"
        )
        parser.add_argument(
            "--drop-old", action="store_true", help="remove the store that serves no more"
        )
        parser.add_argument("--json", action="store_true", help="say what was done as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["to"] and not options["drop_old"]:
            raise CommandError("Say --to postgresql or --to lancedb, or --drop-old.")
        self._shown = 0.0
        quiet = options["json"] or not self.stderr.isatty()
        said: dict[str, Any] = {}
        try:
            if options["to"]:
                done = switch_store.run(
                    options["to"],
                    tell=(lambda _: None) if quiet else self._show,
                    anew=options["anew"],
                )
                said |= dataclasses.asdict(done)
                if not options["json"]:
                    self._tell(done, dropped=options["drop_old"])
            if options["drop_old"]:
                said["dropped"] = switch_store.drop_old()
        except StoreError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(said))
        elif options["drop_old"]:
            self.stdout.write(f"What was in {said['dropped']} is removed.")

    def _show(self, progress: switch_store.Progress) -> None:
        is_last = not progress.of or progress.rows >= progress.of
        if not is_last and time.monotonic() - self._shown < 1:
            return
        self._shown = time.monotonic()
        text = progress.sentence
        if progress.of:
            left = progress.of - progress.rows
            text += f": {progress.rows:,} of {progress.of:,} rows, {progress.rate:,.0f} a second"
            if left and progress.rate:
                text += f", {left / progress.rate:,.0f} seconds left"
        self.stderr.write(f"\r{text:<78}", ending="\n" if is_last else "")

    def _tell(self, done: switch_store.Switched, *, dropped: bool) -> None:
        say = self.stdout.write
        new = Engine(done.target).label
        say(f"The cards are in {new} now: {done.cards:,} cards and {done.reviews:,} reviews.")
        say(
            f"{done.caught_up + done.moved_last:,} cards changed meanwhile, and {done.moved_last:,}"
            f" of them were moved last. Whoever wrote then waited {done.waited_seconds:.1f}"
            " seconds at most."
        )
        if done.doubled:
            say(f"{done.doubled:,} rows were stored more than once and are there once now.")
        if done.left_out:
            say(f"{done.left_out:,} rows of accounts that do not exist were left out.")
        if done.not_folded:
            check = installation.command("check_store --repair")
            say(
                f"The schedules of {done.not_folded:,} cards are not what their reviews give, as "
                f"before: mend them with `{check}`."
            )
        if settings.CARD_STORE_IS_SET and done.target != settings.CARD_STORE:
            say(f"Set CARD_STORE={done.target}, or leave it out, before the next start.")
        if not dropped:
            drop = installation.command("switch_store --drop-old")
            old = next(each.label for each in Engine if each != done.target)
            say(f"What was in {old} is kept: remove it with `{drop}`.")
