"""manage.py demo: a learner with something on every page."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from flashcards import store
from flashcards.demo.build import EMAIL, Links, build
from flashcards.web.pages import tutor_links


class Command(BaseCommand):
    help = (
        "Make a demo learner with conversations, decks, 300 cards and 90 days of reviews, "
        "drawn from a simulated memory."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="The same seed, the same history.")
        parser.add_argument("--password", help="Of the demo learner. Made up if not given.")
        parser.add_argument(
            "--reset", action="store_true", help="Delete the demo learner first, and start over."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        known = User.objects.filter(email=EMAIL)
        if known.exists() and not options["reset"]:
            raise CommandError(f"{EMAIL} is here already. Run demo --reset to start over.")
        password = options["password"] or secrets.token_urlsafe(9)
        for user in known:
            user.delete()
            self.stdout.write("Deleted the demo learner of before.")
        # The same seed makes the same ids: what an earlier demo learner left has to be gone first.
        store.checkpoint_all()
        build(
            password=password,
            seed=options["seed"],
            now=timezone.now(),
            report=self.stdout.write,
            links=Links(
                card=tutor_links.card_url, message=lambda id_: reverse("chat:message", args=[id_])
            ),
        )
        done = store.checkpoint_all()
        if done.entries:
            self.stdout.write(f"{done.cards:,} cards and {done.logs:,} reviews moved into LanceDB")
        self.stdout.write(self.style.SUCCESS(f"Log in as {EMAIL} with the password {password}"))
