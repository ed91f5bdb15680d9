"""Measure the fit of FSRS's parameters on simulated learners.

    .venv/bin/python -m tests.benchmarks.fit_parameters [--only speed|share|guard]
        [--seeds 200] [--first 1]

*share*: of what the learner's true parameters would gain over the defaults in log loss on reviews
to come, how much the fit gains, for strong, weak and drawn learners of 2,000 to 200,000 reviews.
*guard*: for so many learners of 400 items and more, whether what was adopted is worse on reviews to
come than what was in use; both losses are exact, as the true chances are known. *speed*: a fit of
some 400,000 items, in seconds and in megabytes. Prints one line of JSON for each figure.
"""

import argparse
import json
import os
import resource
import sys
import time
from typing import Any

import django

SIZES = (2_000, 20_000, 200_000)
# Of learners for the guard; some have too few items, and are left out.
GUARD_SIZES = (600, 800, 1_300, 2_000, 4_000, 10_000)
ITEMS_TO_FIT = 376_000
TO_COME = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=200)
    # Of the guard: other learners than those by whom its margin was chosen.
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--only", choices=["speed", "share", "guard"])
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    if options.only in (None, "speed"):
        speed()
    if options.only in (None, "share"):
        share()
    if options.only in (None, "guard"):
        guarded(options.seeds, options.first)
    return 0


def speed() -> None:
    from flashcards.scheduling.fitting import optimizer
    from tests.flashcards.scheduling import simulated_learners as learners

    histories = learners.reviews_of(learners.weak(), round(ITEMS_TO_FIT * 1.26), days=1_800)
    items = histories.items
    at, processor = time.perf_counter(), time.process_time()
    optimizer.fit(histories, optimizer.weights(histories, items))
    _say(
        "speed",
        items=int(items.sum()),
        reviews=histories.reviews,
        seconds=round(time.perf_counter() - at, 2),
        processor_seconds=round(time.process_time() - processor, 2),
        megabytes=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    )


def share() -> None:
    from flashcards.scheduling.fitting import optimizer
    from flashcards.scheduling.fitting.bounds import DEFAULTS
    from tests.flashcards.scheduling import simulated_learners as learners

    kinds = {"strong": learners.strong(), "weak": learners.weak()}
    kinds |= {f"drawn {seed}": learners.drawn(seed) for seed in range(3)}
    for name, learner in kinds.items():
        to_come = learners.reviews_of(learner, TO_COME, seed=99)
        before = _loss(learner, to_come, DEFAULTS)
        best = _loss(learner, to_come, learner.parameters)
        for size in SIZES:
            histories = learners.reviews_of(learner, size, seed=5)
            w = optimizer.fit(histories, optimizer.weights(histories, histories.items))
            found = _loss(learner, to_come, w)
            _say(
                "share",
                learner=name,
                reviews=histories.reviews,
                share=round((before - found) / (before - best), 3),
                before=round(before, 4),
                after=round(found, 4),
                best=round(best, 4),
            )


def guarded(seeds: int, first: int) -> None:
    import numpy as np

    from flashcards.scheduling.fitting import guard
    from flashcards.scheduling.fitting.bounds import DEFAULTS
    from tests.flashcards.scheduling import simulated_learners as learners

    looked = adopted = worse = 0
    shares: list[float] = []
    seed = first - 1
    while looked < seeds:
        seed += 1
        kinds = (learners.strong(), learners.weak(), learners.default(), learners.drawn(seed))
        learner = kinds[seed % 4]
        size = GUARD_SIZES[seed // 4 % len(GUARD_SIZES)]
        fitted = guard.fit(learners.reviews_of(learner, size, seed=seed), DEFAULTS)
        if fitted.items < guard.LEAST_ITEMS:
            continue
        looked += 1
        to_come = learners.reviews_of(learner, TO_COME, seed=seed + 10**6)
        before = _loss(learner, to_come, DEFAULTS)
        gained = 0.0
        if fitted.parameters:
            adopted += 1
            gained = before - _loss(learner, to_come, np.array(fitted.parameters))
            if gained < 0:
                worse += 1
                _say("worse", seed=seed, items=fitted.items, by=round(-gained, 6),
                     z=round(fitted.certainty, 2))  # fmt: skip
        if seed % 4 != 2:
            shares.append(gained / (before - _loss(learner, to_come, learner.parameters)))
        if looked % 20 == 0 or looked == seeds:
            _say(
                "guard",
                learners=looked,
                adopted=adopted,
                worse=worse,
                worse_share=round(worse / looked, 4),
                mean_share_of_gain=round(float(np.mean(shares)), 3),
            )


def _loss(learner: Any, histories: Any, w: Any) -> float:
    """Return the expected log loss on reviews of which the true chances are known."""
    import numpy as np

    from flashcards.scheduling.fitting import loss

    items = histories.items
    true = loss.predict(histories, learner.parameters)[items]
    said = np.clip(loss.predict(histories, w)[items], 1e-6, 1 - 1e-6)
    return float(-(true * np.log(said) + (1 - true) * np.log1p(-said)).mean())


def _say(kind: str, **figures: Any) -> None:
    sys.stdout.write(json.dumps({"figure": kind, **figures}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
