"""The comparison: ways of storing cards, each asked by turns, so that all have the same machine.

Each has a process, a folder and a PostgreSQL of its own, and waits while another is timed.
"""

import json
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from flashcards.maintenance.benchmark.direct_operations import DirectOperations
from flashcards.maintenance.benchmark.operations import Operations
from flashcards.maintenance.benchmark.store_operations import PostgresOperations, StoreOperations
from flashcards.maintenance.benchmark.timing import Report, Span

WAYS: Mapping[str, tuple[str, type[Operations]]] = {
    "lancedb": ("LanceDB behind a journal", StoreOperations),
    "postgresql": ("PostgreSQL", PostgresOperations),
    "direct": ("LanceDB directly", DirectOperations),
}
ROUNDS = 5
BASE = "plain_insert"
IMPORTED = 10_000
# Of each operation: what it is called, and how often it is timed in each round.
STORED = {
    "plain_insert": ("plain INSERT + commit", 40),
    "plain_review": ("plain UPDATE + INSERT + commit", 40),
    "insert": ("insert a card", 10),
    "update": ("update a card", 10),
    "review": ("a card and its review", 10),
    "cards_and_message": ("20 cards and their message", 6),
    "import_cards": (f"import {IMPORTED:,} cards", 1),
    "nearest": ("nearest ten by vector", 20),
    "deck_with_reviews": ("join: a deck, last reviews", 10),
    "deck_with_reviews_in_sql": ("  the same by one SELECT", 10),
    "cards_of_conversation": ("join: a conversation's cards", 10),
    "upkeep": ("checkpoint, compact or VACUUM", 1),
}
OF_THE_PROGRAM = {
    "rate": ("rate a card", 40),
    "undo": ("undo a rating", 10),
    "edit": ("edit a card", 10),
    "next_card": ("next card", 40),
    "next_card_cold": ("next card, cold", 4),
    "due_counts": ("due counts", 20),
    "get_by_id": ("a card by its id", 20),
    "search_words": ("search by words", 10),
    "find_cards": ("search by words and meaning", 8),
    "duplicates": ("duplicates of a draft", 8),
    "statistics": ("statistics of a year", 10),
    "columns": ("all cards as columns", 20),
    "columns_cold": ("all cards as columns, cold", 4),
    "answers": ("all answers", 20),
    "answers_cold": ("all answers, cold", 4),
}
OPERATIONS = {**STORED, **OF_THE_PROGRAM}
_NAME, _CELL = 30, 7


@dataclass(frozen=True)
class Figure:
    """How long one operation took in one way, in milliseconds."""

    n: int
    median_ms: float
    p95_ms: float
    # Of this process with all its threads and of PostgreSQL's process that served it, on average.
    processor_ms: float
    # The median, in medians of one plain insert with its commit, in the same database.
    ratio: float = 0.0


@dataclass
class Asked:
    """The process of one way of storing cards."""

    name: str
    process: "subprocess.Popen[str]"

    def spans(self, operation: str, times: int) -> list[Span]:
        """Return the times of an operation; of one that there is not, none."""
        _pipe(self.process.stdin).write(json.dumps([operation, times]) + "\n")
        _pipe(self.process.stdin).flush()
        answer = _pipe(self.process.stdout).readline()
        if not answer:
            raise ChildProcessError(f"The measurement of {self.name} ended with {operation}.")
        return [Span(*span) for span in json.loads(answer) or []]

    def close(self) -> None:
        _pipe(self.process.stdin).close()
        self.process.wait()


def answer(
    folder: Path, way: str, *, seed: int, imported: int, lines: IO[str], out: IO[str]
) -> None:
    """Do what is asked, line by line, until there is no more: one way's process."""
    _, kind = WAYS[way]
    operations = kind(folder, seed=seed, imported=imported)
    for line in lines:
        name, times = json.loads(line)
        spans = operations.run(name, times)
        found = None if spans is None else [[s.seconds, s.processor] for s in spans]
        out.write(json.dumps(found) + "\n")
        out.flush()


def compare(
    ways: Sequence[Asked], *, rounds: int = ROUNDS, report: Report
) -> dict[str, dict[str, Figure]]:
    """Return the figures, by operation and way. What a process does first is not counted."""
    spans: dict[str, dict[str, list[Span]]] = {}
    for operation, (title, times) in OPERATIONS.items():
        each = spans.setdefault(operation, {way.name: [] for way in ways})
        for number in range(rounds):
            # Nobody is always first.
            for way in (*ways[number % len(ways) :], *ways[: number % len(ways)]):
                if not number and times > 1:
                    way.spans(operation, 1)
                each[way.name] += way.spans(operation, times)
        report(f"{title}: measured")
    plain = {
        name: statistics.median(span.seconds for span in found)
        for name, found in spans[BASE].items()
    }
    return {
        operation: {name: _figure(found, plain[name]) for name, found in each.items() if found}
        for operation, each in spans.items()
    }


def as_json(figures: dict[str, dict[str, Figure]]) -> dict[str, Any]:
    return {
        operation: {name: asdict(figure) for name, figure in each.items()}
        for operation, each in figures.items()
    }


def lines(figures: dict[str, dict[str, Figure]], ways: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a table of at most 100 columns."""
    wide = _CELL * 3 + 2
    yield "".join([" " * _NAME, *(f"{WAYS[way][0]:>{wide}}" for way in ways)]).rstrip()
    head = "".join(f"{word:>{_CELL}}" for word in ("median", "p95", "proc."))
    yield "".join([f"{'milliseconds':<{_NAME}}", *(f"  {head}" for _ in ways)])
    for operation, each in figures.items():
        row = f"{OPERATIONS[operation][0]:<{_NAME}}"
        for way in ways:
            row += "  " + _cells(each.get(way), lambda f: (f.median_ms, f.p95_ms, f.processor_ms))
        yield row.rstrip()
    yield ""
    yield "Medians, in plain INSERTs with their commit:"
    for operation, each in figures.items():
        row = f"{OPERATIONS[operation][0]:<{_NAME}}"
        for way in ways:
            row += f"  {_number(each[way].ratio) if way in each else '–':>{3 * _CELL}}"
        yield row


def _figure(spans: Sequence[Span], plain: float) -> Figure:
    seconds = sorted(span.seconds for span in spans)
    median = statistics.median(seconds)
    return Figure(
        n=len(spans),
        median_ms=round(1_000 * median, 3),
        p95_ms=round(1_000 * seconds[min(int(0.95 * len(spans)), len(spans) - 1)], 3),
        processor_ms=round(1_000 * statistics.fmean(span.processor for span in spans), 3),
        ratio=round(median / plain, 2),
    )


def _cells(figure: Figure | None, chosen: Callable[[Figure], tuple[float, ...]]) -> str:
    texts = ["–"] * 3 if figure is None else map(_number, chosen(figure))
    return "".join(f"{text:>{_CELL}}" for text in texts)


def _number(value: float) -> str:
    """Return a number with about three digits."""
    return f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}"


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise ValueError("The process has no pipes.")
    return pipe
