"""Check that both stores agree, and that every schedule is what its reviews give."""

import dataclasses
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from flashcards.maintenance import check


class Command(BaseCommand):
    help = (
        "Check the card store: duplicates, orphans, missing reviews, schedules that are not what "
        "their reviews give, links to deleted messages, residue in the journal, indexes. "
        "Exit code 1 if something is wrong, was not repaired and does not mend by itself."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="mend what can be mended")
        parser.add_argument("--json", action="store_true", help="report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = options["json"] or not self.stderr.isatty()
        report = check.check(
            repair=options["repair"], progress=(lambda _: None) if quiet else self._show
        )
        if options["json"]:
            self.stdout.write(
                json.dumps({"clean": report.is_clean, **dataclasses.asdict(report)}, indent=1)
            )
        else:
            self._tell(report)
        if not report.is_clean:
            raise SystemExit(1)

    def _show(self, share: float) -> None:
        self.stderr.write(f"\r{share:4.0%} checked", ending="\n" if share == 1 else "")

    def _tell(self, report: check.Report) -> None:
        self.stdout.write(
            f"{report.cards:,} cards, {report.logs:,} reviews, {report.pending:,} changes pending."
        )
        for finding in report.findings:
            mended = f", {finding.repaired} mended" if finding.repaired else ""
            if finding.kind in check.PASSING and not mended:
                mended = ", which the worker mends"
            self.stdout.write(f"{finding.sentence} {finding.count} times{mended}:")
            for example in finding.examples:
                self.stdout.write(f"  {example}")
        if not report.findings:
            self.stdout.write("All is well.")
