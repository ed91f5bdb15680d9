"""Two hundred random kills under load, and eight processes at once: nothing lost or doubled."""

import random
import signal
import time
from typing import Any

from django.test import TransactionTestCase

from accounts.models import User
from flashcards.domain.records import LogKind
from flashcards.store import review_logs
from tests.factories import stored_card
from tests.flashcards.store.processes import acknowledged, judge, start
from tests.forks import Fork

KILLS = 200
# What runs at once; as the shared cards are few, they meet often.
AT_ONCE = ("mix", "rate", "checkpoint", "mix")
CARDS = 24
# A process is killed so long after it has done something.
LIFE_SECONDS = 1.5
RATERS, RATINGS = 8, 500


class UnderFireTests(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org")
        for _ in range(CARDS):
            stored_card(self.alice)

    def test_random_kills_under_load(self) -> None:
        """Each round kills a few processes anywhere in what they do, and judges what is left."""
        draw = random.Random(7)
        said, kills = list[dict[str, Any]](), 0
        began = time.monotonic()
        while kills < KILLS:
            running = [
                start(action, self.alice.pk, seed=draw.getrandbits(30), count=10_000)
                for action in AT_ONCE
            ]
            for process in running:
                said += acknowledged(_first_line(process))
            for process in draw.sample(running, len(running)):
                time.sleep(draw.uniform(0, LIFE_SECONDS / len(running)))
                process.kill()
            for process in running:
                output, errors = process.communicate()
                self.assertEqual(process.returncode, -signal.SIGKILL, errors)
                said += acknowledged(output)
                kills += 1
            self.assertEqual(judge(self.alice.pk, said), [], f"after {kills} kills")
            if kills % 20 == 0:
                _tell(f"{kills} of {KILLS} kills, {len(said)} changes said to be done: all is well")
        _tell(
            f"{kills} kills in {time.monotonic() - began:.0f} s, "
            f"{sum('checkpoint' not in item for item in said)} acknowledged changes, "
            f"{sum('checkpoint' in item for item in said)} checkpoints: "
            "none lost or doubled, check_store clean each time"
        )

    def test_eight_processes_rate_shared_cards(self) -> None:
        began = time.monotonic()
        raters = [start("rate", self.alice.pk, seed=n, count=RATINGS) for n in range(RATERS)]
        # Until the last rating is in.
        mover = start("checkpoint", self.alice.pk, count=1_000_000)
        said = []
        for process in raters:
            output, errors = process.communicate()
            self.assertEqual(process.returncode, 0, errors)
            said += acknowledged(output)
        seconds = time.monotonic() - began
        mover.terminate()
        output, errors = mover.communicate()
        self.assertEqual(mover.returncode, -signal.SIGTERM, errors)
        moved = len(acknowledged(output))
        reviews = [item for item in said if "review" in item]
        self.assertEqual(len(said), RATERS * RATINGS)
        self.assertEqual(judge(self.alice.pk, said), [])
        rated = review_logs.for_owner(self.alice).exclude(kind=LogKind.MANUAL)
        self.assertEqual(rated.count(), len(reviews))
        _tell(
            f"{len(said):,} ratings by {RATERS} processes in {seconds:.0f} s, {moved} checkpoints "
            f"meanwhile: {len(reviews)} stood, {len(said) - len(reviews)} were told they came late"
        )


def _first_line(process: Fork) -> str:
    return process.stdout.readline()


def _tell(figures: str) -> None:
    print(f"\n{figures}", flush=True)  # noqa: T201 - the figures asked for
