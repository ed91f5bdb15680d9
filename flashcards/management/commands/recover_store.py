"""Bring a card store up to date that was put back from an older copy."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from flashcards import store
from flashcards.maintenance import check
from flashcards.store import StoreError


class Command(BaseCommand):
    help = (
        "Bring LanceDB's files up to date after a copy of them was put back that is up to a day "
        "old: PostgreSQL keeps the changes of the last day. Then it is checked, and mended. Stop "
        "web servers and workers first, and start them again afterwards. Where the cards are in "
        "PostgreSQL, there is nothing to do."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        is_shown = self.stderr.isatty()

        def progress(share: float) -> None:
            if is_shown:
                self.stderr.write(f"\r{share:4.0%} applied", ending="\n" if share == 1 else "")

        try:
            count = store.recover(progress)
        except StoreError as error:
            raise CommandError(str(error)) from error
        if not count:
            self.stdout.write("The card store is as new as PostgreSQL recorded: nothing to do.")
            return
        self.stdout.write(f"{count:,} changes applied again.")
        # An older copy also has the cards of accounts that were deleted since.
        if not check.check(repair=True).is_clean:
            raise CommandError("Something is left that cannot be mended: see `check_store`.")
        self.stdout.write("All is well. Start MemoryLoop again.")
