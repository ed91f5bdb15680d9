"""The benchmark of many learners: what one of them waits for among the others."""

import json
import resource
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from accounts.models import User
from flashcards import store, study_settings
from flashcards.domain.records import Flashcard, Rating
from flashcards.maintenance import bulk_load
from flashcards.maintenance.benchmark import data
from flashcards.maintenance.benchmark.data import NOW, TOPICS, Data
from flashcards.maintenance.benchmark.one_learner import plain_ratings
from flashcards.maintenance.benchmark.timing import Report, Span, Timings
from flashcards.review.due import due_queue
from flashcards.review.ratings import review_card
from flashcards.search.find_cards import find_cards
from flashcards.store import cards

# Learners whose cards are asked for, and how often each operation is timed for each.
ASKED = 20
ROUNDS = 10
NEIGHBOURS = 10
# A learner's topics, which others share: their cards are as near.
TOPICS_EACH = TOPICS // 10


@dataclass(frozen=True)
class Learner:
    id: uuid.UUID
    cards: list[uuid.UUID]
    topics: list[int]


class ManyLearners:
    """One run: `build` the data, then, in a process that did not, `measure` the operations on it.

    What a learner is asked first is timed by itself: a web process has nothing of theirs yet.
    """

    def __init__(
        self, *, learners: int, cards: int, reviews: int, seed: int, folder: Path, report: Report
    ) -> None:
        self.data = Data(seed)
        self.report = report
        self.timings = Timings(report)
        self.values: dict[str, float] = {}
        self.now = NOW
        self.count, self.cards, self.reviews = learners, cards, reviews
        self.folder = folder

    # Data

    def build(self) -> None:
        """Store the data, and a description for `measure` in the folder."""
        learners = []
        for number in range(self.count):
            learner, vectors = self._learner(number)
            if number < ASKED:
                np.save(self.folder / f"vectors-{number}.npy", vectors)
                learners.append(learner)
            if number % 10 == 9:
                self.report(f"{number + 1} learners are stored")
        started = time.perf_counter()
        store.optimize()
        self.values["indexes_s"] = time.perf_counter() - started
        known = {
            "learners": [
                {"id": str(one.id), "cards": list(map(str, one.cards)), "topics": one.topics}
                for one in learners
            ],
            "values": self.values,
        }
        (self.folder / "known.json").write_text(json.dumps(known))

    def _learner(self, number: int) -> tuple[Learner, Any]:
        user = User.objects.create_user(f"bench{number}@memoryloop.example")
        no_limits = {"new_per_day": 9_999, "reviews_per_day": 9_999}
        study_settings.save(owner_id=user.pk, deck=None, values=no_limits, now=self.now)
        cards, logs = self.data.studied(
            user.pk, cards=self.cards // self.count, reviews=self.reviews // self.count
        )
        topics = self.data.numbers.choice(TOPICS, size=TOPICS_EACH, replace=False)
        vectors = self.data.near(self.data.numbers.choice(topics, size=len(cards)))
        bulk_load.load_cards(owner_id=user.pk, cards=cards, logs=logs, vectors=vectors)
        self.values["reviews_made"] = self.values.get("reviews_made", 0) + len(logs)
        return Learner(user.pk, [card.id for card in cards], topics.tolist()), vectors

    # Operations

    def measure(self) -> dict[str, Any]:
        known = json.loads((self.folder / "known.json").read_text())
        self.values = known["values"]
        self.learners = [
            Learner(uuid.UUID(one["id"]), [uuid.UUID(i) for i in one["cards"]], one["topics"])
            for one in known["learners"]
        ]
        self.data.draw.seed(time.time_ns())
        self._read()
        self._search()
        self._review()
        self._checkpoint()
        self.timings.record("postgresql_rate", list(plain_ratings(300)))
        self.values["rate_to_postgresql_rate"] = self.timings.ratio("rate", "postgresql_rate")
        self.values["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {
            "learners": self.count,
            "cards": self.cards,
            "reviews": self.reviews,
            "operations": self.timings.as_json(),
            **{name: round(value, 3) for name, value in self.values.items()},
        }

    def _each(self, name: str, operation: Callable[[Learner, int], object]) -> None:
        """Time an operation on (learner, its number); the first run of each is timed separately."""
        asked = list(enumerate(self.learners))

        def turn(number: int) -> None:
            place, learner = asked[number % len(asked)]
            operation(learner, place)

        self.timings.time(f"{name}_first", len(asked), turn)
        self.timings.time(name, (ROUNDS - 1) * len(asked), turn)

    def _read(self) -> None:
        draw = self.data.draw
        self._each(
            "get_by_id",
            lambda one, _: cards.for_owner(one.id).get(id=draw.choice(one.cards)),
        )
        self._each("due_counts", lambda one, _: due_queue(owner_id=one.id, now=self.now))

    def _search(self) -> None:
        self._each(
            "find_cards",
            lambda one, _: find_cards(owner_id=one.id, text=self.data.text(3), limit=50),
        )
        asked: list[tuple[int, Any, list[Flashcard]]] = []

        def by_meaning(one: Learner, place: int) -> None:
            (query,) = self.data.near([self.data.draw.choice(one.topics)])
            asked.append((place, query, store.search_meaning(one.id, query, limit=NEIGHBOURS)))

        self._each("search_meaning", by_meaning)
        self.values["recall_at_10"] = self._recall(asked)

    def _recall(self, asked: list[tuple[int, Any, list[Flashcard]]]) -> float:
        hits = 0
        for place, one in enumerate(self.learners):
            vectors = np.load(self.folder / f"vectors-{place}.npy")
            places = {card_id: n for n, card_id in enumerate(one.cards)}
            for asked_of, query, nearest in asked:
                if asked_of == place:
                    found = [places.get(card.id, -1) for card in nearest]
                    hits += data.hits(vectors, query, found, NEIGHBOURS)
        return hits / (NEIGHBOURS * len(asked))

    def _review(self) -> None:
        nexts: dict[bool, list[Span]] = {True: [], False: []}
        rates: dict[bool, list[Span]] = {True: [], False: []}
        for turn in range(2 * ROUNDS):
            for one in self.learners:
                self.now += timedelta(seconds=1)
                started = Span.now()
                (card, *_) = due_queue(owner_id=one.id, now=self.now, limit=1).cards
                found = Span.now()
                self._rate(one, card, Rating.GOOD)
                nexts[turn == 0].append(found.since(started))
                rates[turn == 0].append(Span.now().since(found))
        for first, suffix in ((True, "_first"), (False, "")):
            self.timings.record(f"next_card{suffix}", nexts[first])
            self.timings.record(f"rate{suffix}", rates[first])

    def _rate(self, one: Learner, card: Flashcard, rating: Rating) -> None:
        review_card(
            owner_id=one.id,
            card_id=card.id,
            review_id=self.data.id(),
            sequence=card.sequence,
            rating=rating,
            now=self.now,
            duration_ms=4_000,
        )

    def _checkpoint(self) -> None:
        """Time checkpoints of 1,000 reviews of all these learners, and what follows each."""
        store.checkpoint_all()
        moves, tends = [], []
        for _ in range(3):
            for one in self.learners:
                due = due_queue(owner_id=one.id, now=self.now, limit=1_000 // ASKED)
                for card in due.cards:
                    self._rate(one, card, Rating.EASY)
            started = Span.now()
            store.checkpoint()
            moved = Span.now()
            store.optimize_if_due()
            moves.append(moved.since(started))
            tends.append(Span.now().since(moved))
        self.timings.record("checkpoint_1000", moves)
        self.timings.record("tend_if_due", tends)
