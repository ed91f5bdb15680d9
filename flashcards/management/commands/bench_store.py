"""Measure the card store on data of its own, in a folder of its own."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from flashcards.maintenance.benchmark import ManyLearners, OneLearner
from flashcards.maintenance.benchmark.many_learners import ASKED
from memoryloop import installation

_STEP = "MEMORYLOOP_BENCH_STEP"


class Command(BaseCommand):
    help = (
        "Measure the card store: builds cards and reviews in a temporary folder with a database "
        "of its own, times each operation, and removes the folder. Your data is not touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cards", type=int, default=10_000)
        parser.add_argument("--reviews", type=int, default=50_000)
        parser.add_argument(
            "--learners", type=int, default=1, help="how many learners these are of; 20 or more"
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--folder",
            metavar="DIR",
            help="build the data here if it is empty, measure it, and keep it for the next time",
        )
        parser.add_argument("--json", metavar="FILE", help="write the figures to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["cards"] < 2_000:
            raise CommandError("Fewer than 2,000 cards say nothing: give --cards 2000 or more.")
        if options["learners"] != 1 and options["learners"] < ASKED:
            raise CommandError(f"Many learners are {ASKED} or more: give --learners {ASKED}.")
        if step := os.environ.get(_STEP):
            self._inside(step, options)
            return
        if options["folder"]:
            folder = Path(options["folder"]).absolute()
            folder.mkdir(parents=True, exist_ok=True)
            self._in(folder, options)
            return
        with tempfile.TemporaryDirectory(prefix="memoryloop-bench-") as name:
            self._in(Path(name), options)

    def _in(self, folder: Path, options: dict[str, Any]) -> None:
        inherited = {k: v for k, v in os.environ.items() if k not in _ELSEWHERE}
        for step in ("build", "measure"):
            if step == "build" and (folder / "known.json").exists():
                continue
            subprocess.run(  # noqa: S603 - this very command, in a folder of its own
                [sys.executable, *_again(options)],
                env={**inherited, "MEMORYLOOP_DATA": str(folder), _STEP: step},
                check=True,
            )

    def _inside(self, step: str, options: dict[str, Any]) -> None:
        what: dict[str, Any] = {
            **{name: options[name] for name in ("cards", "reviews", "seed")},
            "folder": settings.DATA_DIR,
            "report": self.stdout.write,
        }
        benchmark = (
            OneLearner(**what)
            if options["learners"] == 1
            else ManyLearners(learners=options["learners"], **what)
        )
        if step == "build":
            call_command("migrate", verbosity=0)
            benchmark.build()
            return
        figures = benchmark.measure()
        for name, value in figures.items():
            if not isinstance(value, dict):
                self.stdout.write(f"{name:<26} {value:12,.3f}")
        if options["json"]:
            Path(options["json"]).write_text(json.dumps(figures, indent=1) + "\n")


# Where this run must not go, whatever the shell says.
_ELSEWHERE = frozenset({"DATABASE_URL", "LANCEDB_URI", "MEMORYLOOP_DATA", "MEMORYLOOP_FAILPOINT"})


def _again(options: dict[str, Any]) -> list[str]:
    numbers = [f"--{name}={options[name]}" for name in ("cards", "reviews", "learners", "seed")]
    file = [f"--json={Path(options['json']).absolute()}"] if options["json"] else []
    return [*installation.PROGRAM, "bench_store", *numbers, *file]
