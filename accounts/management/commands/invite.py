"""`manage.py invite`: make a link with which one person can sign up."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import invitations
from memoryloop import environment


class Command(BaseCommand):
    help = (
        "Print a link with which one person can sign up, once, where MEMORYLOOP_SIGNUP is "
        "`invitation`."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--note", default="", help="for whom it is, for the list in the admin")
        parser.add_argument("--days", type=int, default=invitations.LIFETIME.days)
        parser.add_argument(
            "--address", help="the site's own, such as https://learn.example.org", default=""
        )

    def handle(self, *_args: Any, note: str, days: int, address: str, **_options: Any) -> None:
        if not 0 < days <= 3_650:
            raise CommandError("--days must be from 1 to 3650.")
        named = [address, *settings.CSRF_TRUSTED_ORIGINS]
        local = f"http://localhost:{environment.integer('PORT', 8000)}"
        base = next((each for each in named if each and "*" not in each), local)
        invitation = invitations.make(
            note=note[:200], created_by=None, now=timezone.now(), lifetime=timedelta(days=days)
        )
        self.stdout.write(invitations.link(invitation, base_url=base.rstrip("/")))
        if settings.SIGNUP != "invitation":
            self.stderr.write(
                f"MEMORYLOOP_SIGNUP is {settings.SIGNUP}: set it to `invitation`, or the link is "
                + ("not needed." if settings.SIGNUP == "open" else "of no use.")
            )
