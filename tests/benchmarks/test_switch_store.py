"""A switch to PostgreSQL and back with many cards, while somebody studies, with up to five kills.

SWITCH_CARDS says how many cards there are (100,000 unless set); there are five reviews a card.
"""

import hashlib
import json
import os
import random
import signal
import time
from typing import Any

from django.test import TransactionTestCase

from accounts.models import User
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.maintenance import check
from flashcards.maintenance.benchmark.data import TOPICS, Data
from flashcards.maintenance.bulk_load import load_cards
from flashcards.models import StoreVersions
from flashcards.store import cards, engines, review_logs, vectors
from flashcards.store.rows import codec
from tests.factories import stored_card
from tests.flashcards.store.processes import acknowledged, forget, start, start_python

CARDS = int(os.environ.get("SWITCH_CARDS", "100000"))
REVIEWS_A_CARD = 5
# After so many seconds of the switch with 100,000 cards; with fewer cards sooner. The last run of
# each way is let go on to its end, and one that ends before it is killed is the last.
KILLS = {"postgresql": (3.0, 12.0, 25.0), "lancedb": (5.0, 20.0)}


class SwitchBenchmark(TransactionTestCase):
    def test_there_and_back(self) -> None:
        StoreVersions.objects.update_or_create(id=1, defaults={"engine": "lancedb"})
        engines.forget()
        self.addCleanup(engines.forget)
        alice = User.objects.create_user("alice@example.org")
        bob = User.objects.create_user("bob@example.org")
        data = Data(1)
        made, logs = data.studied(alice.pk, cards=CARDS, reviews=CARDS * REVIEWS_A_CARD)
        draw = random.Random(2)
        near = data.near([draw.randrange(TOPICS) for _ in made])
        load_cards(owner_id=alice.pk, cards=made, logs=logs, vectors=near)
        del made, near
        for _ in range(24):
            stored_card(bob)
        before, said, killed = fingerprint(alice), list[dict[str, Any]](), 0
        _tell(f"{CARDS:,} cards, {len(logs):,} reviews")
        for target, kills in KILLS.items():
            began = time.monotonic()
            studying = start("rate", bob.pk, seed=killed, count=3_000, pause_seconds=0.02)
            for seconds in kills:
                process = start_python("manage.py", "switch_store", "--to", target, "--json")
                time.sleep(seconds * min(CARDS / 100_000, 1))
                process.kill()
                output, errors = process.communicate()
                if process.returncode != -signal.SIGKILL:
                    break
                killed += 1
            else:
                process = start_python("manage.py", "switch_store", "--to", target, "--json")
                output, errors = process.communicate()
            self.assertEqual(process.returncode, 0, output + errors)
            seconds = time.monotonic() - began
            studying.kill()
            output_of_studying, _ = studying.communicate()
            said += acknowledged(output_of_studying)
            forget()
            engines.forget()
            self.assertEqual(engines.name(), target)
            self.assertEqual(fingerprint(alice), before)
            there = {str(log.id) for log in review_logs.for_owner(bob)}
            self.assertEqual({i["review"] for i in said if "review" in i} - there, set())
            _tell(f"to {target} in {seconds:.0f} s: {json.loads(output)}")
        faults = [f for f in check.check().findings if f.kind not in check.PASSING]
        self.assertEqual(faults, [])
        _tell(f"{killed} kills, {len(said)} changes said to be done meanwhile: nothing lost")


def fingerprint(owner: User) -> dict[str, str]:
    """Return a checksum of a learner's cards, reviews and vectors."""
    forget()
    found: dict[str, list[Flashcard] | list[ReviewLog]] = {
        "cards": list(cards.for_owner(owner).with_deleted().order_by("id")),
        "reviews": list(review_logs.for_owner(owner).order_by("id")),
    }
    sums = {}
    for name, records in found.items():
        hashed = hashlib.sha256()
        for record in records:
            hashed.update(codec.to_image(record).encode())
        sums[name] = hashed.hexdigest()
    hashed = hashlib.sha256()
    for card_id, vector in sorted(zip(*vectors(owner.pk), strict=True), key=lambda pair: pair[0]):
        hashed.update(card_id.bytes + vector.tobytes())
    return {**sums, "vectors": hashed.hexdigest()}


def _tell(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a benchmark's report
