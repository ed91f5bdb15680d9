"""The benchmark of one learner: each operation, on about 100,000 cards."""

import json
import resource
import statistics
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection, transaction

from accounts.models import User
from flashcards import store, study_settings
from flashcards.cards.cards import create_cards, edit_card
from flashcards.domain.records import Flashcard, NewCard, Rating
from flashcards.maintenance import bulk_load
from flashcards.maintenance.benchmark import data
from flashcards.maintenance.benchmark.data import NOW, TOPICS, Data
from flashcards.maintenance.benchmark.timing import Report, Span, Timings
from flashcards.review.due import due_queue
from flashcards.review.learner import Learner
from flashcards.review.ratings import Answer, rate, review_card, undo_review
from flashcards.review.statistics import statistics as review_statistics
from flashcards.search.find_cards import find_cards
from flashcards.store import cards

DAYS = 365
NEIGHBOURS = 10
# Ratings in a row, to see whether they get slower; a tenth of them for few cards.
RATINGS = 10_000


class OneLearner:
    """One run: `build` the data, then, in a process that did not, `measure` the operations on it.

    Two processes, so that the memory measured is what a process takes that only works on it.
    """

    def __init__(
        self, *, cards: int, reviews: int, seed: int, folder: Path, report: Report
    ) -> None:
        self.data = Data(seed)
        self.report = report
        self.timings = Timings(report)
        self.values: dict[str, float] = {}
        self.now = NOW
        self.cards_wanted, self.reviews_wanted = cards, reviews
        self.folder = folder

    def build(self) -> None:
        """Store the data, and a description for `measure` in the folder."""
        self.owner = User.objects.create_user("bench@memoryloop.example")
        # No limits: those of a day would end the measurement after 220 cards.
        no_limits = {"new_per_day": 9_999, "reviews_per_day": 9_999}
        study_settings.save(owner_id=self.owner.pk, deck=None, values=no_limits, now=self.now)
        self._build()
        np.save(self.folder / "vectors.npy", self.vectors)
        known = {"ids": [str(card_id) for card_id in self.ids], "values": self.values}
        (self.folder / "known.json").write_text(json.dumps(known))

    def measure(self) -> dict[str, Any]:
        self.owner = User.objects.get(email="bench@memoryloop.example")
        known = json.loads((self.folder / "known.json").read_text())
        self.ids = [uuid.UUID(card_id) for card_id in known["ids"]]
        self.values = known["values"]
        # New reviews need other ids than those of the data.
        self.data.draw.seed(-1)
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
            "operations": self.timings.as_json(),
            **{name: round(value, 3) for name, value in self.values.items()},
        }

    # Data

    def _build(self) -> None:
        self.report(f"Building {self.cards_wanted:,} cards and {self.reviews_wanted:,} reviews")
        cards, logs = self.data.studied(
            self.owner.pk, cards=self.cards_wanted, reviews=self.reviews_wanted
        )
        self.values["reviews_made"] = len(logs)
        self.vectors = self.data.near(self.data.numbers.integers(TOPICS, size=len(cards)))
        started = time.perf_counter()
        bulk_load.load_cards(owner_id=self.owner.pk, cards=cards, logs=logs, vectors=self.vectors)
        self.values["load_everything_s"] = time.perf_counter() - started
        self.ids = [card.id for card in cards]
        # Without embeddings, as from an import.
        plain = [
            replace(self.data.card(self.owner.pk, n), embedding_model="") for n in range(20_000)
        ]
        started = time.perf_counter()
        bulk_load.load_cards(owner_id=self.owner.pk, cards=plain, logs=[])
        self.values["bulk_import_cards_per_s"] = len(plain) / (time.perf_counter() - started)
        # As the worker would in a month.
        started = time.perf_counter()
        store.optimize()
        self.values["indexes_s"] = time.perf_counter() - started

    # Operations

    def _read(self) -> None:
        owner = self.owner.pk
        self.timings.time(
            "get_by_id",
            200,
            lambda _: cards.for_owner(owner).get(id=self.data.draw.choice(self.ids)),
        )
        due_queue(owner_id=owner, now=self.now)
        self.timings.time("due_counts", 100, lambda _: due_queue(owner_id=owner, now=self.now))
        self.timings.time(
            "next_card", 200, lambda _: due_queue(owner_id=owner, now=self.now, limit=1)
        )

    def _review(self) -> None:
        """Review card after card, with a checkpoint each 300 as the worker would."""
        rates, both = [], []
        (card, *_) = due_queue(owner_id=self.owner.pk, now=self.now, limit=1).cards
        for number in range(RATINGS if self.cards_wanted >= 2 * RATINGS else RATINGS // 10):
            self.now += timedelta(seconds=4)
            started = Span.now()
            rating = Rating(self.data.draw.choice((1, 3, 3, 3)))
            answer = Answer(card.id, self.data.id(), card.sequence, rating, 4_000)
            _, after = rate(self.owner.pk, answer, self.now)
            rated = Span.now()
            # As the review page does.
            learner = after or Learner.read(self.owner.pk)
            (card, *_) = learner.due_queue(self.now, limit=1).cards
            found = Span.now()
            rates.append(rated.since(started))
            both.append(found.since(started))
            if number % 300 == 299:
                self._checkpoint()
        tenth = len(both) // 10
        first, last = (
            statistics.median(span.seconds for span in spans)
            for spans in (both[:tenth], both[-tenth:])
        )
        self.values["last_tenth_to_first_tenth"] = last / first
        self.timings.record("rate", rates)
        self.timings.record("next_and_rate", both)

    def _checkpoint(self) -> Span:
        """Do what the worker does each minute; return what the checkpoint took."""
        started = Span.now()
        store.checkpoint()
        taken = Span.now().since(started)
        store.optimize_if_due()
        return taken

    def _change(self) -> None:
        owner = self.owner.pk
        self.timings.time("undo", 50, self._undo)
        self.timings.time(
            "edit",
            100,
            lambda n: edit_card(
                owner_id=owner, card_id=self.ids[n], question=f"q {n}", answer="a", now=self.now
            ),
        )
        twenty = [NewCard(question=f"q {n}", answer="a") for n in range(20)]
        self.timings.time(
            "create_20",
            30,
            lambda _: create_cards(owner_id=owner, cards=twenty, now=self.now),
        )
        self._checkpoint()

    def _undo(self, _: int) -> None:
        undo_review(owner_id=self.owner.pk, undo_id=self.data.id(), now=self.now)

    def _search(self) -> tuple[Any, list[list[Flashcard]]]:
        """Time the searches; return the vectors asked for and the cards found by meaning."""
        owner = self.owner.pk
        texts = [self.data.text(3) for _ in range(60)]
        queries = self.data.near(self.data.numbers.integers(TOPICS, size=60)).astype("f4")
        self.timings.time(
            "find_cards", 60, lambda n: find_cards(owner_id=owner, text=texts[n], limit=50)
        )
        found: list[list[Flashcard]] = []
        self.timings.time(
            "search_meaning",
            60,
            lambda n: found.append(store.search_meaning(owner, queries[n], limit=NEIGHBOURS)),
        )
        self.timings.time(
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
        """Return the share of the true nearest that were found, without edited cards."""
        vectors = np.load(self.folder / "vectors.npy")
        # The edited cards.
        vectors[:100] = 0
        places = {card_id: n for n, card_id in enumerate(self.ids)}
        hits = sum(
            data.hits(vectors, query, [places.get(card.id, -1) for card in cards], NEIGHBOURS)
            for query, cards in zip(queries, found, strict=True)
        )
        return hits / (NEIGHBOURS * len(found))

    def _maintain(self) -> None:
        times = []
        for _ in range(3):
            self._rate_many(1_000)
            times.append(self._checkpoint())
        self.timings.record("checkpoint_1000", times)

    def _rate_many(self, count: int) -> None:
        for card in due_queue(owner_id=self.owner.pk, now=self.now, limit=count).cards:
            review_card(
                owner_id=self.owner.pk,
                card_id=card.id,
                review_id=self.data.id(),
                sequence=card.sequence,
                rating=Rating.EASY,
                now=self.now,
            )

    def _compare(self) -> None:
        """Time the same work with a plain PostgreSQL table."""
        self.timings.record("postgresql_rate", list(plain_ratings(300)))
        for one in ("rate", "find_cards"):
            ratio = self.timings.ratio(one, "postgresql_rate")
            self.values[f"{one}_to_postgresql_rate"] = ratio


def plain_ratings(count: int) -> Iterator[Span]:
    """Yield the times of a plain table: lock and read a row, update it, log it."""
    with connection.cursor() as cursor:
        # A folder that is measured again has the tables of the last run.
        cursor.execute("DROP TABLE IF EXISTS plain_card, plain_log")
        cursor.execute(
            "CREATE TABLE plain_card (id int PRIMARY KEY, stability float, due timestamptz)"
        )
        cursor.execute("CREATE TABLE plain_log (id uuid, card int, rating int)")
        cursor.execute("INSERT INTO plain_card SELECT n, 1, now() FROM generate_series(1, 1000) n")
    for number in range(1, count + 1):
        started = Span.now()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM plain_card WHERE id = %s FOR UPDATE", [number])
            cursor.execute("UPDATE plain_card SET stability = 2 WHERE id = %s", [number])
            cursor.execute("INSERT INTO plain_log VALUES (gen_random_uuid(), %s, 3)", [number])
        yield Span.now().since(started)
