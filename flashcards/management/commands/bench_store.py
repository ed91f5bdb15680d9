"""Measure the card store on data of its own, in a folder of its own."""

import contextlib
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

from flashcards.maintenance.benchmark import ManyLearners, OneLearner, population, side_by_side
from flashcards.maintenance.benchmark.many_learners import ASKED
from memoryloop import installation

_STEP = "MEMORYLOOP_BENCH_STEP"
LEAST_CARDS = 2_000
# Where nothing else is said: of a comparison, and of one engine's long benchmark.
COMPARED_LEARNER_CARDS = 1_000
REVIEWS_EACH = 5


class Command(BaseCommand):
    help = (
        "Measure the card store: builds cards and reviews in a temporary folder with a database "
        "of its own, times each operation, and removes the folder. Your data is not touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--engines",
            metavar="NAMES",
            help="compare ways of storing cards, with commas between: "
            f"{', '.join(side_by_side.WAYS)}",
        )
        parser.add_argument("--cards", type=int, default=10_000)
        parser.add_argument(
            "--reviews", type=int, help=f"{REVIEWS_EACH} for each card unless you say otherwise"
        )
        parser.add_argument(
            "--learners",
            type=int,
            help=f"how many learners these are of; {ASKED} or more. One unless engines are "
            f"compared; then one for each {COMPARED_LEARNER_CARDS:,} cards",
        )
        parser.add_argument(
            "--rounds",
            type=int,
            default=side_by_side.ROUNDS,
            help="how often engines that are compared are asked by turns",
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--folder",
            metavar="DIR",
            help="build the data here if it is empty, measure it, and keep it for the next time",
        )
        parser.add_argument("--json", metavar="FILE", help="write the figures to this file")

    def handle(self, *args: Any, **options: Any) -> None:
        ways = _ways(options["engines"])
        if options["reviews"] is None:
            options["reviews"] = REVIEWS_EACH * options["cards"]
        if options["learners"] is None:
            several = max(ASKED, options["cards"] // COMPARED_LEARNER_CARDS)
            options["learners"] = several if ways else 1
        if options["cards"] < LEAST_CARDS:
            raise CommandError("Fewer than 2,000 cards say nothing: give --cards 2000 or more.")
        if options["learners"] < (ASKED if ways or options["learners"] != 1 else 1):
            raise CommandError(f"Many learners are {ASKED} or more: give --learners {ASKED}.")
        if options["rounds"] < 1:
            raise CommandError("Nothing is measured in no rounds: give --rounds 1 or more.")
        if step := os.environ.get(_STEP):
            self._inside(step, ways, options)
            return
        with contextlib.ExitStack() as stack:
            if options["folder"]:
                folder = Path(options["folder"]).absolute()
            else:
                temporary = tempfile.TemporaryDirectory(prefix="memoryloop-bench-")
                folder = Path(stack.enter_context(temporary))
            folder.mkdir(parents=True, exist_ok=True)
            if ways:
                self._compare(folder, ways, options)
            else:
                self._in(folder, options)

    # In the process that was started

    def _in(self, folder: Path, options: dict[str, Any]) -> None:
        for step in ("build", "measure"):
            if step == "build" and (folder / "known.json").exists():
                continue
            self._run(folder, step, options)

    def _compare(self, folder: Path, ways: list[str], options: dict[str, Any]) -> None:
        for way in ways:
            within = folder / way
            within.mkdir(exist_ok=True)
            if not (within / "known.json").exists():
                self.stdout.write(
                    f"{side_by_side.WAYS[way][0]}: storing {options['cards']:,} cards"
                )
                self._run(within, "build", {**options, "engines": way})
        started = []
        try:
            for way in ways:
                command, environment = _process(
                    folder / way, "measure", {**options, "engines": way}
                )
                started.append(
                    side_by_side.Asked(
                        way,
                        subprocess.Popen(  # noqa: S603 - this very command, in a folder of its own
                            command,
                            env=environment,
                            stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE,
                            text=True,
                        ),
                    )
                )
            figures = side_by_side.compare(
                started, rounds=options["rounds"], report=self.stderr.write
            )
        except ChildProcessError as error:
            raise CommandError(str(error)) from error
        finally:
            for asked in started:
                asked.close()
        for line in side_by_side.lines(figures, ways):
            self.stdout.write(line)
        if options["json"]:
            known = {name: options[name] for name in ("learners", "cards", "reviews")}
            found = {**known, "operations": side_by_side.as_json(figures)}
            Path(options["json"]).write_text(json.dumps(found, indent=1) + "\n")

    def _run(self, folder: Path, step: str, options: dict[str, Any]) -> None:
        command, environment = _process(folder, step, options)
        try:
            subprocess.run(command, env=environment, check=True)  # noqa: S603 - as above
        except subprocess.CalledProcessError as error:
            raise CommandError(f"The measurement ended with status {error.returncode}.") from error

    # In a process and a folder of its own

    def _inside(self, step: str, ways: list[str], options: dict[str, Any]) -> None:
        if step == "build":
            call_command("migrate", verbosity=0)
        if ways:
            self._one_of_several(step, ways[0], options)
            return
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
            benchmark.build()
            return
        figures = benchmark.measure()
        for name, value in figures.items():
            if not isinstance(value, dict):
                self.stdout.write(f"{name:<26} {value:12,.3f}")
        if options["json"]:
            Path(options["json"]).write_text(json.dumps(figures, indent=1) + "\n")

    def _one_of_several(self, step: str, way: str, options: dict[str, Any]) -> None:
        if step == "build":
            population.build(
                settings.DATA_DIR,
                **{name: options[name] for name in ("learners", "cards", "reviews", "seed")},
                report=self.stdout.write,
            )
            return
        side_by_side.answer(
            settings.DATA_DIR,
            way,
            seed=options["seed"],
            imported=side_by_side.IMPORTED,
            lines=sys.stdin,
            out=sys.stdout,
        )


# Where this run must not go, whatever the shell says.
_ELSEWHERE = frozenset({"DATABASE_URL", "LANCEDB_URI", "MEMORYLOOP_DATA", "MEMORYLOOP_FAILPOINT"})


def _ways(names: str | None) -> list[str]:
    """Return the ways of storing cards that are named, each once."""
    ways = list(dict.fromkeys(filter(None, (names or "").split(","))))
    if unknown := [way for way in ways if way not in side_by_side.WAYS]:
        raise CommandError(
            f"There is no {unknown[0]!r} to measure: name {', '.join(side_by_side.WAYS)}."
        )
    return ways


def _process(folder: Path, step: str, options: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Return the command that does a step, and its environment."""
    inherited = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    environment = {**inherited, "MEMORYLOOP_DATA": str(folder), _STEP: step}
    numbers = [f"--{name}={options[name]}" for name in ("cards", "reviews", "learners", "seed")]
    file = [f"--json={Path(options['json']).absolute()}"] if options["json"] else []
    if options["engines"]:
        numbers.append(f"--engines={options['engines']}")
        engine = "postgresql" if options["engines"] == "postgresql" else "lancedb"
        environment["CARD_STORE"] = engine
    return [sys.executable, *installation.PROGRAM, "bench_store", *numbers, *file], environment
