"""Measure which cards the tutor is told of with a question, and how long finding them takes.

    .venv/bin/python -m tests.benchmarks.recall [--set NAME] [--show]
    .venv/bin/python -m tests.benchmarks.recall --cards 100000 [--rounds 60]

The questions of data/recall_questions.jsonl are asked of a learner who has all cards of
data/cards.jsonl, two in three of them reviewed: how often the card that a question is about is
among those told of, and first; how many are told of; and how often something is told of with a
question that no card is about. `--set` asks those of another set: `blind` and `fresh` are by
somebody else, `off_topic` has only what no card is about, and `fresh_2026_12`, which has more
cards of its own, is not looked at. With --cards, how long it takes with so many cards
(collection.py), against a plain commit of PostgreSQL in the same run.
"""

import argparse
import functools
import random
import statistics
import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.benchmarks import collection, filled
from tests.benchmarks.texts import LATEST, SETS, read_rows

if TYPE_CHECKING:
    from accounts.models import User

TOLD = 5
BATCH = 500
AIM_COMMITS = 40
Row = dict[str, Any]


def main() -> None:
    parser = filled.arguments(__doc__, cards=0, rounds=60)
    parser.add_argument("--set", choices=(*SETS, "off_topic", LATEST), default="own")
    parser.add_argument("--show", action="store_true", help="print the questions that failed")
    options = parser.parse_args()
    if options.set == LATEST and options.show:
        raise SystemExit("These questions are not looked at.")
    filled.run(_time if options.cards else _ask_all, options)


def _ask_all(options: argparse.Namespace) -> dict[str, Any]:
    from flashcards.store.maintenance import optimize

    user = filled.learner()
    cards = read_rows("cards")
    if options.set == LATEST:
        cards += read_rows("recall_cards", LATEST)
    notes = fill(user, cards)
    optimize.optimize()
    asked = read_rows("recall_questions", options.set)
    ranks: dict[str, list[int]] = {}
    told, idle = [], []
    for question in asked:
        found = _told(user, question["question"])
        if question["card"] is None:
            idle.append(len(found))
        else:
            # A fact may be on cards in several languages.
            cards = question.get("cards", [question["card"]])
            right = [notes[found_id] in cards for found_id in found]
            rank = right.index(True) + 1 if True in right else 0
            ranks.setdefault(question["language"], []).append(rank)
            told.append(len(found))
        if options.show and (found if question["card"] is None else rank != 1):
            sys.stdout.write(f"{question['question']}\n    {_titles(user, question['question'])}\n")
    every = [rank for of_language in ranks.values() for rank in of_language]
    for language, of_language in sorted(ranks.items()):
        share = sum(rank > 0 for rank in of_language) / len(of_language)
        sys.stdout.write(
            f"{language}  {len(of_language):4} questions, the card told of: {share:.2f}\n"
        )
    return {
        "benchmark": "recall",
        "set": options.set,
        "questions": len(every),
        "told_of": _share(rank > 0 for rank in every),
        "first": _share(rank == 1 for rank in every),
        "cards_told_of_mean": round(statistics.mean(told), 2) if told else 0.0,
        "about_nothing": len(idle),
        "about_nothing_with_cards": sum(count > 0 for count in idle),
        "about_nothing_cards": sum(idle),
    }


def _share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return round(sum(found) / len(found), 3) if found else 0.0


def _told(user: "User", text: str) -> list[str]:
    """Return the ids of the cards that the tutor is told of, in order."""
    return [found.id for found in _find(user, text)]


def _titles(user: "User", text: str) -> str:
    return " | ".join(" ".join(found.title.split())[:40] for found in _find(user, text))


def _find(user: "User", text: str) -> list[Any]:
    from django.utils import timezone

    from flashcards.tutor import recalled_cards

    return recalled_cards.find(
        owner_id=user.pk, text=text, now=timezone.now(), limit=TOLD, card_url=str
    )


def fill(user: "User", cards: list[Row]) -> dict[str, str]:
    """Store the cards with their vectors; return the id in the file of each."""
    from django.utils import timezone

    from flashcards.domain.card_sides import card_ordinals
    from flashcards.domain.records import Kind, State
    from flashcards.maintenance import bulk_load
    from memoryloop.embeddings import get_embedder
    from tests.factories import flashcard

    draw, now, embedder = random.Random(4), timezone.now(), get_embedder()
    made, from_file = [], {}
    for row in cards:
        first = None
        for ordinal in card_ordinals(row["kind"], row["question"]):
            schedule: dict[str, Any] = {}
            if draw.random() < 2 / 3:
                last = now - timedelta(days=draw.random() * 60)
                schedule = {
                    "state": State.REVIEW,
                    "stability": 20.0,
                    "difficulty": 5.0,
                    "reps": 3,
                    "last_review": last,
                    "due": last + timedelta(days=20),
                }
            card = flashcard(
                user,
                kind=Kind(row["kind"]),
                ordinal=ordinal,
                question=row["question"],
                answer=row["answer"],
                extra=row["extra"],
                embedding_model=embedder.name,
                **({} if first is None else {"note_id": first.note_id}),
                **schedule,
            )
            first = first or card
            made.append(card)
            from_file[str(card.id)] = row["id"]
    for start in range(0, len(made), BATCH):
        batch = made[start : start + BATCH]
        vectors = embedder.embed([card.embedding_text for card in batch])
        bulk_load.load_cards(owner_id=user.pk, cards=batch, logs=[], vectors=list(vectors))
    return from_file


def _time(options: argparse.Namespace) -> dict[str, Any]:
    user = collection.learner(options.cards)
    texts = [row["question"] for row in read_rows("recall_questions")]
    texts = [texts[number % len(texts)] for number in range(options.rounds)]
    for text in texts[:5]:
        _find(user, text)
    whole, search, commits = [], [], []
    for number, text in enumerate(texts):
        # Another text: the embedder knows those that it was asked for.
        fresh = f"{text} {number}"
        commits.append(_commit())
        find = functools.partial(_find, user, fresh)
        whole.append(filled.milliseconds(find))
        search.append(filled.milliseconds(find))
    commit = statistics.median(commits)
    return {
        "benchmark": "recall_speed",
        "cards": options.cards,
        "median_ms": round(statistics.median(whole), 1),
        "without_embedding_median_ms": round(statistics.median(search), 1),
        "p95_ms": round(sorted(whole)[int(len(whole) * 0.95)], 1),
        "commit_ms": round(commit, 2),
        "commits": round(statistics.median(whole) / commit, 1),
        "aim_commits": AIM_COMMITS,
    }


def _commit() -> float:
    """Return how long one plain commit of PostgreSQL takes, in milliseconds: the median of nine."""
    from django.db import connection

    def commit() -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_commit VALUES (1)")

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_commit (number integer)")
    return statistics.median(filled.milliseconds(commit) for _ in range(9))


if __name__ == "__main__":
    main()
