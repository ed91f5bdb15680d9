"""Measure the card store: each operation's median and 99th percentile, over data of its own.

Data: cards of one learner about 2,000 topics, with reviews folded by FSRS and vectors that lie
near their topic's. The same for the same seed.
"""

import dataclasses
import json
import random
import resource
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection, transaction

from accounts.models import User
from flashcards import scheduling, services
from flashcards.records import Flashcard, NewCard, Rating, ReviewLog
from flashcards.reviewing import study
from flashcards.reviewing.statistics import statistics as review_statistics
from flashcards.store import checkpoint, old_pattern, search, upkeep
from flashcards.upkeep import loading

TOPICS = 2_000
# How far a card's vector lies from its topic's: neighbours at a cosine of 0.8 or so.
SPREAD = 0.5
DAYS = 365
# How long ago cards were made at most, and how many reviews one has had at most.
OLDEST_DAYS = 1_000
MOST_REVIEWS = 12
# The learner was not there for so long: there is something to do.
AWAY = timedelta(days=3)
MODEL = "benchmark"
NEIGHBOURS = 10
# In a row, to see whether they grow slower: a tenth of them when there are few cards.
RATINGS = 10_000
Report = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """One operation: how often it ran, in milliseconds unless its name says otherwise."""

    n: int
    median_ms: float
    p99_ms: float


class Benchmark:
    """One run: `build` the data, then, in a process that did not, `measure` the operations on it.

    Two processes, so that the memory measured is what a web process takes.
    """

    def __init__(
        self, *, cards: int, reviews: int, seed: int, folder: Path, report: Report
    ) -> None:
        self.draw = random.Random(seed)  # noqa: S311 - the same data for the same seed
        self.numbers = np.random.default_rng(seed)
        self.report = report
        self.figures: dict[str, Figure] = {}
        self.values: dict[str, float] = {}
        self.now = datetime(2026, 6, 1, 9, tzinfo=UTC)
        self.words = [f"{a}{b}" for a in _SYLLABLES for b in _SYLLABLES]
        self.centres = _unit(self.numbers.standard_normal((TOPICS, 384)))
        self.cards_wanted, self.reviews_wanted = cards, reviews
        self.folder = folder

    def build(self) -> None:
        """Store the data, and in the folder what `measure` has to know of it."""
        self.owner = User.objects.create_user("bench@memoryloop.example")
        # As many as there are: a day's limits would end the measurement after 220 cards.
        no_limits = {"new_per_day": 9_999, "reviews_per_day": 9_999}
        study.save(owner_id=self.owner.pk, deck=None, values=no_limits, now=self.now)
        self._build()
        np.save(self.folder / "vectors.npy", self.vectors)
        known = {"ids": [str(card_id) for card_id in self.ids], "values": self.values}
        (self.folder / "known.json").write_text(json.dumps(known))

    def measure(self) -> dict[str, Any]:
        self.owner = User.objects.get(email="bench@memoryloop.example")
        known = json.loads((self.folder / "known.json").read_text())
        self.ids = [uuid.UUID(card_id) for card_id in known["ids"]]
        self.values = known["values"]
        # Ids of new reviews must not be those of the data.
        self.draw.seed(-1)
        self._read()
        self._review()
        self._change()
        queries, found = self._search()
        self._maintain()
        self._compare()
        self.values["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.values["recall_at_10"] = self._recall(queries, found)
        return {
            "cards": self.cards_wanted,
            "reviews": self.reviews_wanted,
            "operations": {name: dataclasses.asdict(f) for name, f in self.figures.items()},
            **{name: round(value, 3) for name, value in self.values.items()},
        }

    # Data

    def _build(self) -> None:
        self.report(f"Building {self.cards_wanted:,} cards and {self.reviews_wanted:,} reviews")
        cards, logs = [], list[ReviewLog]()
        each = self.reviews_wanted / max(self.cards_wanted, 1)
        for number in range(self.cards_wanted):
            card = self._card(number)
            at = card.created_at
            # A young card has had few reviews; older ones make up for it.
            for _ in range(min(int(each * (number + 1)) - len(logs), MOST_REVIEWS)):
                if at > self.now - AWAY:
                    break
                rating = Rating(self.draw.choices((1, 2, 3, 4), (10, 10, 70, 10))[0])
                card, log = scheduling.review(
                    card, rating, at, review_id=self._id(), duration_ms=4_000
                )
                logs.append(log)
                at = self._study_time(at, card.due)
            cards.append(card)
        self.values["reviews_made"] = len(logs)
        topics = self.numbers.integers(TOPICS, size=len(cards))
        self.vectors = self._near(topics)
        started = time.perf_counter()
        loading.load_cards(owner_id=self.owner.pk, cards=cards, logs=logs, vectors=self.vectors)
        self.values["load_everything_s"] = time.perf_counter() - started
        self.ids = [card.id for card in cards]
        plain = [dataclasses.replace(self._card(n), owner_id=self.owner.pk) for n in range(20_000)]
        started = time.perf_counter()
        loading.load_cards(owner_id=self.owner.pk, cards=plain, logs=[])
        self.values["bulk_import_cards_per_s"] = len(plain) / (time.perf_counter() - started)
        # What a month of the worker does.
        started = time.perf_counter()
        upkeep.tend()
        self.values["indexes_s"] = time.perf_counter() - started

    def _study_time(self, now: datetime, due: datetime) -> datetime:
        """Return when a learner who studies at four hours of the day comes to a card."""
        if due - now < timedelta(hours=1):
            return due
        at = due.replace(hour=self.draw.choice((8, 13, 19, 20)), minute=self.draw.randrange(60))
        return at if at >= due else at + timedelta(days=1)

    def _card(self, number: int) -> Flashcard:
        day = self.now - timedelta(days=self.draw.randrange(1, OLDEST_DAYS))
        made = day.replace(hour=19, microsecond=number % 1_000_000)
        return Flashcard(
            id=self._id(),
            owner_id=self.owner.pk,
            note_id=self._id(),
            question=f"{' '.join(self.draw.choices(self.words, k=9))} {number}?",
            answer=" ".join(self.draw.choices(self.words, k=12)),
            embedding_model=MODEL,
            due=made,
            created_at=made,
            edited_at=made,
        )

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self.draw.getrandbits(128), version=4)

    def _near(self, topics: Any) -> Any:
        noise = self.numbers.standard_normal((len(topics), 384)) / np.sqrt(384)
        return _unit(self.centres[topics] + SPREAD * noise)

    # Operations

    def _time(self, name: str, n: int, operation: Callable[[int], object]) -> None:
        times = []
        for number in range(n):
            started = time.perf_counter()
            operation(number)
            times.append(time.perf_counter() - started)
        self._record(name, times)

    def _record(self, name: str, seconds: list[float]) -> None:
        ordered = sorted(seconds)
        figure = Figure(
            n=len(ordered),
            median_ms=round(1000 * ordered[len(ordered) // 2], 3),
            p99_ms=round(1000 * ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)], 3),
        )
        self.figures[name] = figure
        self.report(f"{name:<16} {figure.median_ms:9.2f} ms   p99 {figure.p99_ms:9.2f} ms")

    def _read(self) -> None:
        owner = self.owner.pk
        self._time(
            "get_by_id",
            200,
            lambda _: Flashcard.objects.for_owner(owner).get(id=self.draw.choice(self.ids)),
        )
        services.due_queue(owner_id=owner, now=self.now)
        self._time("due_counts", 100, lambda _: services.due_queue(owner_id=owner, now=self.now))

    def _review(self) -> None:
        """Review card after card, with a checkpoint each 300 as the worker would."""
        nexts, rates, both = [], [], []
        for number in range(RATINGS if self.cards_wanted >= 2 * RATINGS else RATINGS // 10):
            self.now += timedelta(seconds=4)
            started = time.perf_counter()
            (card, *_) = services.due_queue(owner_id=self.owner.pk, now=self.now, limit=1).cards
            found = time.perf_counter()
            services.review_card(
                owner_id=self.owner.pk,
                card_id=card.id,
                review_id=self._id(),
                sequence=card.sequence,
                rating=Rating(self.draw.choice((1, 3, 3, 3))),
                now=self.now,
                duration_ms=4_000,
            )
            done = time.perf_counter()
            nexts.append(found - started)
            rates.append(done - found)
            both.append(done - started)
            if number % 300 == 299:
                self._checkpoint()
        tenth = len(both) // 10
        self.values["last_tenth_to_first_tenth"] = statistics.median(both[-tenth:]) / (
            statistics.median(both[:tenth])
        )
        self._record("next_card", nexts)
        self._record("rate", rates)
        self._record("next_and_rate", both)

    def _checkpoint(self) -> float:
        """Do what the worker does each minute; return the seconds that the checkpoint took."""
        started = time.perf_counter()
        checkpoint.run()
        seconds = time.perf_counter() - started
        upkeep.tend_if_due()
        return seconds

    def _change(self) -> None:
        owner = self.owner.pk
        self._time("undo", 50, self._undo)
        self._time(
            "edit",
            100,
            lambda n: services.edit_card(
                owner_id=owner, card_id=self.ids[n], question=f"q {n}", answer="a", now=self.now
            ),
        )
        twenty = [NewCard(question=f"q {n}", answer="a") for n in range(20)]
        self._time(
            "create_20",
            30,
            lambda _: services.create_cards(owner_id=owner, cards=twenty, now=self.now),
        )
        self._checkpoint()

    def _undo(self, _: int) -> None:
        services.undo_review(owner_id=self.owner.pk, undo_id=self._id(), now=self.now)

    def _search(self) -> tuple[Any, list[list[Flashcard]]]:
        """Time the searches; return the vectors asked for and the cards found by meaning."""
        owner = self.owner.pk
        texts = [" ".join(self.draw.choices(self.words, k=3)) for _ in range(60)]
        queries = self._near(self.numbers.integers(TOPICS, size=60)).astype("f4")
        self._time("search_words", 60, lambda n: search.by_words(owner, texts[n], limit=50))
        found: list[list[Flashcard]] = []
        self._time(
            "search_meaning",
            60,
            lambda n: found.append(search.by_meaning(owner, queries[n], limit=NEIGHBOURS)),
        )
        self._time(
            "search_hybrid",
            60,
            lambda n: search.hybrid(owner, texts[n], queries[n], limit=50),
        )
        self._time(
            "stats_year",
            30,
            lambda _: review_statistics(
                owner_id=owner,
                since=self.now - timedelta(days=DAYS),
                until=self.now,
                zone=ZoneInfo("UTC"),
            ),
        )
        return queries, found

    def _recall(self, queries: Any, found: list[list[Flashcard]]) -> float:
        """Return the share of the true nearest that were found; edited cards aside."""
        vectors = np.load(self.folder / "vectors.npy")
        places = {card_id: n for n, card_id in enumerate(self.ids)}
        hits = 0
        for query, cards in zip(queries, found, strict=True):
            nearness = vectors @ query
            nearness[:100] = -1
            nearest = set(np.argpartition(-nearness, NEIGHBOURS)[:NEIGHBOURS].tolist())
            hits += len(nearest & {places.get(card.id, -1) for card in cards})
        return hits / (NEIGHBOURS * len(found))

    def _maintain(self) -> None:
        times = []
        for _ in range(3):
            self._rate_many(1_000)
            times.append(self._checkpoint())
        self._record("checkpoint_1000", times)

    def _rate_many(self, count: int) -> None:
        for card in services.due_queue(owner_id=self.owner.pk, now=self.now, limit=count).cards:
            services.review_card(
                owner_id=self.owner.pk,
                card_id=card.id,
                review_id=self._id(),
                sequence=card.sequence,
                rating=Rating.EASY,
                now=self.now,
            )

    def _compare(self) -> None:
        """The same work by a plain PostgreSQL table, and by LanceDB written from the request."""
        self._record("postgresql_rate", list(_plain_ratings(300)))
        insert, update = old_pattern.measure(self.owner.pk, rows=20)
        self._record("old_insert", insert)
        self._record("old_update", update)
        figures = self.figures
        for name, one, other in (
            ("old_update_to_rate", "old_update", "rate"),
            ("rate_to_postgresql_rate", "rate", "postgresql_rate"),
        ):
            self.values[name] = figures[one].median_ms / figures[other].median_ms


def _plain_ratings(count: int) -> Iterator[float]:
    """Yield the seconds that a plain table takes: lock and read a row, update it, log it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE plain_card (id int PRIMARY KEY, stability float, due timestamptz)"
        )
        cursor.execute("CREATE TABLE plain_log (id uuid, card int, rating int)")
        cursor.execute("INSERT INTO plain_card SELECT n, 1, now() FROM generate_series(1, 1000) n")
    for number in range(1, count + 1):
        started = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM plain_card WHERE id = %s FOR UPDATE", [number])
            cursor.execute("UPDATE plain_card SET stability = 2 WHERE id = %s", [number])
            cursor.execute("INSERT INTO plain_log VALUES (gen_random_uuid(), %s, 3)", [number])
        yield time.perf_counter() - started


def _unit(vectors: Any) -> Any:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("f4")


_SYLLABLES = [a + b for a in "bcdfglmnprst" for b in ("a", "e", "i", "o", "u", "an", "el", "or")]
