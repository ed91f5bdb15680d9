"""bench_store: each operation of the comparison, in each way of storing cards, and its table."""

import io
import json
import tempfile
from pathlib import Path
from unittest import mock

from django.core.management import CommandError, call_command
from django.test import SimpleTestCase, TransactionTestCase

from flashcards import store
from flashcards.maintenance.benchmark import population, side_by_side
from flashcards.maintenance.benchmark.direct_operations import DirectOperations
from flashcards.maintenance.benchmark.operations import Operations
from flashcards.maintenance.benchmark.side_by_side import OF_THE_PROGRAM, OPERATIONS, WAYS, Figure
from flashcards.maintenance.benchmark.store_operations import PostgresOperations
from flashcards.maintenance.benchmark.timing import Span
from tests.engines import InLanceDB, InPostgreSQL

LEARNERS, CARDS, IMPORTED = 2, 60, 50
IN_SQL = {"deck_with_reviews_in_sql"}


def stored(case: TransactionTestCase) -> Path:
    """Build a few learners, and return the folder that tells of them."""
    folder = Path(case.enterContext(tempfile.TemporaryDirectory()))
    population.build(
        folder, learners=LEARNERS, cards=CARDS, reviews=2 * CARDS, seed=1, report=lambda _: None
    )
    return folder


def answered(folder: Path, way: str) -> dict[str, list[list[float]] | None]:
    """Return what the process of a way answers, by the operation that it was asked for."""
    asked = io.StringIO("".join(json.dumps([name, 1]) + "\n" for name in OPERATIONS))
    out = io.StringIO()
    side_by_side.answer(folder, way, seed=1, imported=IMPORTED, lines=asked, out=out)
    return dict(zip(OPERATIONS, map(json.loads, out.getvalue().splitlines()), strict=True))


class LanceDBTests(InLanceDB, TransactionTestCase):
    def test_behind_a_journal_each_operation_is_timed(self) -> None:
        found = answered(stored(self), "lancedb")
        self.assertEqual({name for name, spans in found.items() if spans is None}, IN_SQL)
        self.assertTrue(all(len(spans) == 1 for spans in found.values() if spans is not None))

    def test_directly_those_of_the_store_are_timed(self) -> None:
        found = answered(stored(self), "direct")
        missing = {name for name, spans in found.items() if spans is None}
        self.assertEqual(missing, {*OF_THE_PROGRAM, *IN_SQL})

    def test_a_direct_update_leaves_one_row_with_its_vector(self) -> None:
        operations = DirectOperations(stored(self), seed=1, imported=IMPORTED)
        learner = operations.learners[0]
        with mock.patch.object(operations, "next_learner", return_value=learner):
            operations.run("update", 1)
        tables = store.DirectTables()
        cards = tables.cards_with(learner.id)
        self.assertCountEqual([card.id for card in cards], learner.cards)
        near = tables.nearest(learner.id, operations.new_vector(), limit=CARDS)
        self.assertCountEqual([card.id for card in near], learner.cards)


class PostgreSQLTests(InPostgreSQL, TransactionTestCase):
    def test_each_operation_is_timed(self) -> None:
        found = answered(stored(self), "postgresql")
        self.assertEqual({name for name, spans in found.items() if not spans}, set())

    def test_one_select_finds_what_the_store_finds(self) -> None:
        operations = PostgresOperations(stored(self), seed=1, imported=IMPORTED)
        learner = operations.learners[0]
        deck = learner.decks[0]
        rows = PostgresOperations.with_last_reviews(learner.id, deck)
        found = {card_id: last for card_id, _, _, last in rows}
        cards = store.cards.for_owner(learner.id).filter(deck_ids__contains=deck)
        self.assertEqual(
            found, {card.id: card.last_review for card in cards}, "as no review was taken back"
        )


class TableTests(SimpleTestCase):
    def test_it_fits_a_hundred_columns(self) -> None:
        figure = Figure(n=5, median_ms=12_345.6, p95_ms=98_765.4, processor_ms=10_000.1, ratio=8e4)
        figures = {name: dict.fromkeys(WAYS, figure) for name in OPERATIONS}
        del figures["rate"]["direct"]
        lines = list(side_by_side.lines(figures, list(WAYS)))
        self.assertEqual([line for line in lines if len(line) > 100], [])
        self.assertIn("12,346", "".join(lines))

    def test_ways_are_asked_by_turns_and_compared_with_a_plain_insert(self) -> None:
        order = list[tuple[str, str]]()

        class Asked(side_by_side.Asked):
            def spans(self, operation: str, times: int) -> list[Span]:
                order.append((self.name, operation))
                seconds = 0.001 if operation == side_by_side.BASE else 0.003
                return [Span(seconds, 0.0)] * times

        process = mock.Mock()
        ways = [Asked("lancedb", process), Asked("postgresql", process)]
        figures = side_by_side.compare(ways, rounds=2, report=lambda _: None)
        self.assertEqual(figures["update"]["postgresql"].ratio, 3.0)
        turns = [name for name, operation in order if operation == "upkeep"]
        self.assertEqual(turns, ["lancedb", "postgresql", "postgresql", "lancedb"])


class CommandTests(SimpleTestCase):
    def test_it_refuses_what_says_nothing(self) -> None:
        for options, said in (
            (["--engines", "sqlite"], "There is no 'sqlite' to measure"),
            (["--engines", "direct", "--learners", "2"], "Many learners are 20 or more"),
            (["--engines", "direct", "--rounds", "0"], "Nothing is measured in no rounds"),
            (["--cards", "20"], "Fewer than 2,000 cards"),
        ):
            with self.subTest(options), self.assertRaisesMessage(CommandError, said):
                call_command("bench_store", *options)

    def test_every_operation_is_somebodys(self) -> None:
        of_any = {name for _, kind in WAYS.values() for name in dir(kind)}
        self.assertEqual(set(OPERATIONS) - of_any, set())
        self.assertTrue(all(issubclass(kind, Operations) for _, kind in WAYS.values()))
