"""Give cards vectors of the present embedder."""

import dataclasses
import json
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from flashcards.maintenance import reembed
from flashcards.store import StoreError
from memoryloop.embeddings import EmbeddingError


class Command(BaseCommand):
    help = (
        "Embed the cards that have no vector of the model that the settings name, and have its "
        "vectors serve once all are there. Search goes on with those before until then. The worker "
        "does the same by itself, more slowly. Cut off, run it again: it goes on where it was. "
        "The built-in model needs some 7 ms of processor time a card."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", metavar="EMAIL", help="only this learner's cards")
        parser.add_argument(
            "--all",
            action="store_true",
            help="make every vector anew, as when a model on a server has changed under its name "
            "(cut off, go on without --all)",
        )
        parser.add_argument("--json", action="store_true", help="say what was done as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        owner_id = None
        if options["owner"]:
            users = get_user_model()
            try:
                owner_id = users.objects.get_by_natural_key(options["owner"]).pk
            except users.DoesNotExist:
                raise CommandError(f"Nobody has the email address {options['owner']}.") from None
        quiet = options["json"] or not self.stderr.isatty()
        try:
            done = reembed.reembed(
                owner_id=owner_id,
                everything=options["all"],
                progress=(lambda _done, _of: None) if quiet else self._show,
            )
        except EmbeddingError as error:
            raise CommandError(error.sentence) from error
        except StoreError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(dataclasses.asdict(done)))
            return
        self.stdout.write(f"{done.embedded:,} vectors made, for cards of {done.owners:,} learners.")
        self.stdout.write(
            f"Those of {done.coming} are to come, and those of {done.serving} serve meanwhile."
            if done.coming
            else f"The vectors of {done.serving} serve."
        )

    def _show(self, done: int, of: int) -> None:
        self.stderr.write(f"\r{done:,} of {of:,} vectors made", ending="\n" if done == of else "")
