"""Conditions as PostgreSQL's SQL say what they say of a record in Python, and to LanceDB."""

import dataclasses
import datetime
import random
import uuid
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

import lancedb
import pyarrow as pa

from flashcards.domain.records import Flashcard, Kind, LogKind, Rating, ReviewLog, State
from flashcards.store.errors import UnknownLookup
from flashcards.store.lance import sql as lance_sql
from flashcards.store.postgres import sql, tables
from flashcards.store.rows import codec, vector_sets
from flashcards.store.rows.filters import And, Expression, Not, Or, condition
from flashcards.store.rows.schema import EVERYTHING, FLASHCARDS, REVIEW_LOGS, TableSpec
from tests.base import TestCase
from tests.engines import InPostgreSQL
from tests.factories import NOW, flashcard, review_log, store

LOOKUPS = ("exact", "in", "isnull", "lt", "lte", "gt", "gte", "contains", "icontains")
TEXTS = (
    *("", " ", "it's", 'a "b"', "100 %", "x_y", "back\\slash", "%", "_", "$1", "%s", "a\nb"),
    *("Straße", "ÄPFEL äpfel", "İstanbul", "ΟΔΟΣ", "ǅ", "日本", "e\u0301", "🦉", "Z", "a", "ab"),
)
IDS = [uuid.UUID(int=number << 96 | number) for number in (0, 1, 9, 2**31, 2**32 - 1)]


class SqlTests(InPostgreSQL, TestCase):
    def setUp(self) -> None:
        draw = random.Random(5)
        self.cards = [any_card(draw, self.alice) for _ in range(60)]
        store(*self.cards)
        self.logs = [any_log(draw, card) for card in self.cards[:40]]
        store(*self.cards[:40], logs=tuple(self.logs))

    def test_every_condition_says_the_same_everywhere(self) -> None:
        folder = lancedb.connect(self.enterContext(TemporaryDirectory()))
        for spec, rows in ((FLASHCARDS, self.cards), (REVIEW_LOGS, self.logs)):
            table = folder.create_table(spec.name, codec.to_table(spec, rows))
            draw = random.Random(11)
            for number in range(300):
                said = any_expression(draw, spec, rows, depth=number % 3)
                matching = {str(row.id) for row in rows if said.matches(row)}
                found = tables.read(spec, ["id"], [said], vector_sets.first())
                self.assertEqual(set(found["id"].to_pylist()), matching, said)
                # Arrow has an empty list of numbers as null.
                if number % 3 == 0 and "memory" not in repr(said):
                    scan = table.search().where(lance_sql.where(said)).select(["id"])
                    there = scan.limit(EVERYTHING).to_arrow()["id"].to_pylist()
                    self.assertEqual(set(there), matching, said)

    def test_orders_are_those_of_a_sorted_list_with_what_is_missing_first(self) -> None:
        names = [f.name for f in FLASHCARDS.schema if not pa.types.is_list(f.type)]
        fields = [name for name in names if name in FLASHCARDS.columns]
        for field in (*fields, *(f"-{name}" for name in fields)):
            with self.subTest(order=field):
                order = tables.order(FLASHCARDS, [field, "id"])
                found = tables.read(FLASHCARDS, ["id"], [], vector_sets.first(), more=order)
                rows = sorted(self.cards, key=lambda card: str(card.id))
                rows.sort(key=_key(field.lstrip("-")), reverse=field.startswith("-"))
                self.assertEqual(found["id"].to_pylist(), [str(card.id) for card in rows])

    def test_what_cannot_be_compared_is_refused(self) -> None:
        for value in (float("nan"), float("inf")):
            with self.assertRaises(ValueError):
                sql.where(condition(FLASHCARDS, "stability__lt", value))
        with self.assertRaises(ValueError):
            sql.where(condition(FLASHCARDS, "due__lt", NOW.replace(tzinfo=None)))
        with self.assertRaises(TypeError):
            sql.where(condition(FLASHCARDS, "question", object()))
        with self.assertRaises(TypeError):
            sql.where(Or((object(),)))  # type: ignore[arg-type]

    def test_no_value_is_part_of_the_text(self) -> None:
        for value in ("'; DROP TABLE accounts_user; --", "%s", "\x00", "\ud7ff"):
            text, values = sql.where(condition(FLASHCARDS, "question", value))
            self.assertNotIn("DROP", text)
            self.assertEqual(values, [value.replace("\x00", "\ufffd")])
            said = [condition(FLASHCARDS, "question", value)]
            self.assertEqual(tables.count(FLASHCARDS, said), 0)


def any_expression(
    draw: random.Random, spec: TableSpec, rows: list[Any], *, depth: int
) -> Expression:
    if depth:
        kind = draw.randrange(3)
        if kind == 2:
            return Not(any_expression(draw, spec, rows, depth=depth - 1))
        count = draw.randrange(1, 4)
        parts = tuple(any_expression(draw, spec, rows, depth=depth - 1) for _ in range(count))
        return And(parts) if kind else Or(parts)
    while True:
        field = draw.choice(spec.columns)
        lookup = draw.choice(LOOKUPS)
        values = [getattr(draw.choice(rows), field) for _ in range(draw.randrange(4))]
        value = getattr(draw.choice(rows), field)
        if lookup == "in":
            value = values
        elif lookup == "isnull":
            value = draw.random() < 0.5
        elif value is None:
            continue
        elif isinstance(value, tuple):
            if not value:
                continue
            value = draw.choice(value)
        elif lookup in ("contains", "icontains") and isinstance(value, str):
            start = draw.randrange(len(value) + 1)
            part = value[start : start + 3]
            value = draw.choice([part.upper(), part.lower(), part])
        elif lookup in ("contains", "icontains"):
            # Part of an id: no record could say.
            continue
        elif isinstance(value, datetime.datetime):
            value += datetime.timedelta(microseconds=draw.randrange(-1, 2))
        try:
            return condition(spec, f"{field}__{lookup}", value)
        except UnknownLookup:
            continue


def any_card(draw: random.Random, owner: Any) -> Flashcard:
    def perhaps(value: Any) -> Any:
        return value if draw.random() < 0.6 else None

    def text() -> str:
        return draw.choice(TEXTS) + draw.choice(TEXTS)

    def time() -> datetime.datetime:
        return NOW + datetime.timedelta(microseconds=draw.randrange(-3, 4))

    return dataclasses.replace(
        flashcard(owner),
        note_id=draw.choice(IDS),
        kind=draw.choice(list(Kind)),
        question=text(),
        answer=text(),
        extra=text(),
        deck_ids=tuple(draw.sample(IDS, draw.randrange(3))),
        tags=tuple(draw.sample(TEXTS[1:], draw.randrange(4))),
        flag=draw.randrange(4),
        suspended=draw.random() < 0.5,
        buried_until=perhaps(time()),
        message_id=perhaps(draw.choice(IDS)),
        source_start=perhaps(draw.randrange(3)),
        state=draw.choice(list(State)),
        step=perhaps(draw.randrange(3)),
        stability=perhaps(draw.choice([0.1, 1 / 3, 1e-300, 1e300, 5.0])),
        difficulty=perhaps(draw.uniform(1, 10)),
        memory=tuple(draw.sample([0.1, 1 / 3, 7.0], draw.randrange(3))),
        due=time(),
        last_review=perhaps(time()),
        reps=draw.choice([0, 1, 2**31 - 1]),
        deleted_at=perhaps(time()),
    )


def any_log(draw: random.Random, card: Flashcard) -> ReviewLog:
    return review_log(
        card,
        sequence=draw.randrange(3),
        kind=draw.choice(list(LogKind)),
        rating=draw.choice([None, *Rating]),
        reviewed_at=NOW + datetime.timedelta(microseconds=draw.randrange(3)),
        elapsed_days=draw.choice([None, 0.0, 1 / 3]),
        undoes=draw.choice([None, *IDS]),
        stability_after=draw.choice([None, 2.5]),
    )


def _key(field: str) -> Callable[[Flashcard], tuple[bool, Any]]:
    def key(card: Flashcard) -> tuple[bool, Any]:
        value = getattr(card, field)
        if value is None:
            return False, 0
        return True, str(value) if isinstance(value, uuid.UUID) else value

    return key
