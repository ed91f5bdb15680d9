"""Two hundred random kills under load, and eight processes at once: nothing lost or doubled."""

import random
import signal
import time

from django.test import TransactionTestCase

from accounts.models import User
from flashcards.records import LogKind, ReviewLog
from tests.factories import stored_card
from tests.flashcards.processes import acknowledged, judge, start

KILLS = 200
AT_ONCE = 4


class UnderFireTests(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org")
        for _ in range(6):
            stored_card(self.alice)

    def test_random_kills_under_load(self) -> None:
        """Each round starts a few processes that do all sorts of things and kills them anywhere."""
        draw = random.Random(7)
        said, kills = [], 0
        while kills < KILLS:
            running = [
                start(action, self.alice.pk, seed=draw.getrandbits(30), count=10_000)
                for action in ("mix", "rate", "checkpoint", "mix")[:AT_ONCE]
            ]
            time.sleep(draw.uniform(3.0, 8.0))
            for process in running:
                process.send_signal(signal.SIGKILL)
                output, _ = process.communicate()
                said += acknowledged(output)
                kills += 1
        self.assertEqual(judge(self.alice.pk, said), [])
        print(f"\n{kills} kills, {len(said)} acknowledged changes, none lost or doubled")  # noqa: T201 - the figure asked for

    def test_eight_processes_rate_shared_cards(self) -> None:
        began = time.monotonic()
        raters = [start("rate", self.alice.pk, seed=n, count=500) for n in range(8)]
        mover = start("checkpoint", self.alice.pk, count=400)
        said = []
        for process in raters:
            output, errors = process.communicate()
            self.assertEqual(process.returncode, 0, errors)
            said += acknowledged(output)
        seconds = time.monotonic() - began
        output, errors = mover.communicate()
        self.assertEqual(mover.returncode, 0, errors)
        reviews = [item for item in said if "review" in item]
        self.assertEqual(len(said), 4_000)
        self.assertEqual(judge(self.alice.pk, said), [])
        rated = ReviewLog.objects.for_owner(self.alice).exclude(kind=LogKind.MANUAL)
        self.assertEqual(rated.count(), len(reviews))
        print(f"\n4,000 ratings by 8 processes in {seconds:.0f} s, {len(reviews)} stood")  # noqa: T201 - the figure asked for
