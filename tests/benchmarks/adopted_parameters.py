"""Measure what other FSRS parameters cost: the preview, and the cards that follow them.

    .venv/bin/python -m tests.benchmarks.adopted_parameters [--cards 100000]

One learner with so many cards of five reviews each, in LanceDB; a database of its own that is
dropped afterwards. Prints one line of JSON: seconds of the preview of the effect, of what a request
waits for when the parameters are adopted, and of all the batches together, each as time of the
processor as well; and milliseconds of the longest batch, which is what a review waits for at most.
"""

import argparse
import sys
import time
from typing import Any

from tests.benchmarks import filled

CARDS = 100_000
REVIEWS_A_CARD = 5


def main() -> int:
    parser = filled.arguments(__doc__, cards=CARDS, logs=REVIEWS_A_CARD)
    filled.run(_measure, parser.parse_args())
    return 0


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.utils import timezone

    from flashcards.cards import bulk_actions, memories
    from flashcards.review import rescheduling
    from flashcards.scheduling import DEFAULT_PARAMETERS

    user = filled.learner()
    filled.fill(user, filled.studied(user, options.cards, options.logs))
    fitted = tuple(each * 1.5 if n < 4 else each for n, each in enumerate(DEFAULT_PARAMETERS))
    given: Any = {"owner_id": user.pk, "preset_id": None, "parameters": fitted}
    found: dict[str, Any] = {"benchmark": "adopted_parameters", "cards": options.cards}

    def timed(name: str, work: Any) -> Any:
        wall, processor = time.perf_counter(), time.process_time()
        done = work()
        found[f"{name}_s"] = round(time.perf_counter() - wall, 2)
        found[f"{name}_processor_s"] = round(time.process_time() - processor, 2)
        return done

    now = timezone.now()
    timed("preview", lambda: rescheduling.effect_of_parameters(**given, now=now))
    change = timed("adopt", lambda: rescheduling.adopt_parameters(**given, now=now))
    batches: list[float] = []

    def run() -> None:
        while True:
            begun = time.process_time()
            bulk_actions.run(change_id=change.id, clock=timezone.now, seconds=0)
            batches.append(time.process_time() - begun)
            change.refresh_from_db()
            if not change.is_under_way:
                return

    timed("fold", run)
    found["longest_batch_processor_ms"] = round(1000 * max(batches))
    found["left"] = len(memories.outdated(user.pk))
    return found


if __name__ == "__main__":
    sys.exit(main())
