"""Measure the year simulation, and what its spread is.

    .venv/bin/python -m tests.benchmarks.simulator [--cards 10000] [--days 365]

A fifth of the cards are new. Prints one line of JSON: the seconds of one run and of five side by
side, those of all desired retentions in samples as the plan's page asks for them, and for one plan
the reviews of the time, the minutes a day and the cards known at the end, with the share by which
the runs differ.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django
import numpy as np

if __name__ == "__main__":
    # The scheduler's days know the learner's model, which is Django's.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()

from flashcards.scheduling import ScheduleSettings
from flashcards.scheduling.simulation import year
from flashcards.scheduling.simulation.backlog import Pile
from flashcards.scheduling.simulation.habits import TYPICAL
from flashcards.scheduling.simulation.year import Plan, Year

AIM_SECONDS = 3.0
RUNS = 5
RETENTIONS = tuple(percent / 100 for percent in (*range(70, 97, 2), 97))
SAMPLE = 1_500


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cards", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=year.DAYS)
    options = parser.parse_args()
    pile, plan = pile_of(options.cards), Plan(ScheduleSettings(), 20, 9_999)

    def runs(number: int) -> Year:
        return year.simulate(
            pile, plan, TYPICAL, days=options.days, runs=number, most_cards=options.cards
        )

    def all_retentions() -> Year:
        return year.simulate(
            *(pile, plan, TYPICAL),
            retentions=RETENTIONS,
            runs=2,
            days=options.days,
            most_cards=SAMPLE,
            known_every=options.days,
        )

    one, _ = _timed(lambda: runs(1))
    five, found = _timed(lambda: runs(RUNS))
    every, _ = _timed(all_retentions)
    result = {
        "cards": options.cards,
        "days": options.days,
        "one_run_s": one,
        "five_runs_s": five,
        "all_retentions_s": every,
        "reviews": _spread(found.reviews.sum(axis=1)),
        "minutes_a_day": _spread(found.minutes.mean(axis=1)),
        "known": _spread(found.known[:, -1]),
    }
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if one["wall"] <= AIM_SECONDS else 1


def pile_of(cards: int) -> Pile:
    """Return cards as somebody has them who reviews every day."""
    draws = np.random.default_rng(3)
    seen = cards * 4 // 5
    stability = draws.lognormal(3.0, 1.2, seen)
    elapsed = np.floor(draws.random(seen) * stability)
    due = np.maximum(np.round(stability), 1) - elapsed
    return Pile(stability, draws.uniform(1, 10, seen), due, elapsed, new=cards - seen)


def _timed(work: Callable[[], Year]) -> tuple[dict[str, float], Year]:
    wall, processor = time.perf_counter(), time.process_time()
    found = work()
    took = time.perf_counter() - wall, time.process_time() - processor
    return dict(zip(("wall", "processor"), (round(each, 2) for each in took), strict=True)), found


def _spread(numbers: Any) -> dict[str, float]:
    mean = float(numbers.mean())
    return {"mean": round(mean, 1), "differs_by": round(float(np.ptp(numbers)) / mean, 4)}


if __name__ == "__main__":
    sys.exit(main())
