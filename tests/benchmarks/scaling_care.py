"""What the worker does for a store of some size, and what one learner waits for, in a process.

    python -m tests.benchmarks.scaling_care fill LEARNERS | care

`scaling` runs it on the stores that it made; prints one line of JSON. Seconds, megabytes, bytes.
"""

import functools
import json
import os
import re
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.deployment import usage

# Names the log of the bucket's server, if there is one.
BUCKET_LOG = "SCALING_BUCKET_LOG"
# A request in it; the server colours some lines.
REQUEST = re.compile(r"(GET|PUT|POST|HEAD|DELETE) /\S* HTTP/")
ENTRIES = (100, 1_000, 5_000)
LEARNERS = 100
# Of a learner at once, so that there are cards left to rate afterwards.
EACH_MOST = 60


def main() -> int:
    import django

    django.setup()
    from tests.benchmarks import scaling_fill

    match sys.argv[1:]:
        case ["fill", learners]:
            result: dict[str, Any] = dict(scaling_fill.grow(int(learners)))
        case ["care"]:
            result = care()
        case _:
            raise SystemExit(__doc__)
    memory = {"rss_mb": round(usage(os.getpid()).rss_mb), "peak_mb": _peak_mb()}
    sys.stdout.write("\n" + json.dumps({**result, "memory": memory}) + "\n")
    return 0


def care() -> dict[str, Any]:
    from accounts.models import User
    from flashcards import store
    from flashcards.cards import memories

    users = list(User.objects.filter(email__startswith="scale").order_by("date_joined"))
    store.preload()
    result: dict[str, Any] = {"before_mb": round(usage(os.getpid()).rss_mb)}
    learners = users[:: max(len(users) // LEARNERS, 1)][:LEARNERS]
    result["cold"], result["checkpoints"] = {}, {}
    # Of a learner the same number is not rated twice, where learners are few.
    for each in dict.fromkeys(min(-(-all_ // len(learners)), EACH_MOST) for all_ in ENTRIES):
        cold, ratings, rated = _rate(learners, each)
        if not result["cold"]:
            result["cold"] = {"due_ms": cold, "rating_ms": ratings}
        result["checkpoints"][rated] = _taken(store.checkpoint)
    result["warm_rating_ms"] = ratings
    result["optimize"] = _taken(store.optimize)
    result["sweep"] = _taken(store.owners_to_embed)
    asked = [learner.pk for learner in learners[:20]]
    result["folding_20"] = _taken(lambda: [memories.outdated(owner_id) for owner_id in asked])
    result["plain_commit_ms"] = _plain_commit()
    result["indexes"] = _indexes()
    result["bytes"] = _bytes()
    return result


def _rate(learners: list[Any], each: int) -> tuple[float, float, int]:
    """Rate so many cards of each learner.

    Return the medians in ms of finding a learner's cards and of a rating, and how many were rated.
    """
    from django.utils import timezone

    from flashcards.domain.records import Rating
    from flashcards.review.due import due_queue
    from flashcards.review.ratings import review_card

    finding, rating = [], []
    for learner in learners:
        begun = time.perf_counter()
        due = due_queue(owner_id=learner.pk, now=timezone.now(), limit=each)
        finding.append(time.perf_counter() - begun)
        for card in due.cards:
            begun = time.perf_counter()
            review_card(
                owner_id=learner.pk,
                card_id=card.id,
                review_id=uuid.uuid4(),
                sequence=card.sequence,
                rating=Rating.EASY,
                now=timezone.now(),
                duration_ms=4_000,
            )
            rating.append(time.perf_counter() - begun)
    return _median_ms(finding), _median_ms(rating), len(rating)


def _median_ms(seconds: list[float]) -> float:
    return round(statistics.median(seconds) * 1_000, 2)


def _plain_commit() -> float:
    """Return the milliseconds of one INSERT with its commit: what to compare others with."""
    from django.db import connection

    took = []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS scaling_plain (id uuid PRIMARY KEY, said text)")
        for _ in range(200):
            begun = time.perf_counter()
            cursor.execute("INSERT INTO scaling_plain VALUES (%s, 'so')", [uuid.uuid4()])
            took.append(time.perf_counter() - begun)
        cursor.execute("DROP TABLE scaling_plain")
    return round(statistics.median(took) * 1_000, 3)


def _indexes() -> dict[str, dict[str, float]]:
    """Return the seconds that each of LanceDB's indexes takes to be built anew."""
    from flashcards.models import StoreVersions
    from flashcards.store import engines
    from flashcards.store.lance import tables
    from flashcards.store.maintenance import checkpoint
    from flashcards.store.maintenance import recorded as records
    from flashcards.store.rows import vector_sets
    from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS, Index

    if engines.name() != StoreVersions.Engine.LANCEDB:
        return {}
    took = {}
    with checkpoint.exclusive(same_rows=True) as recorded:
        vectors = vector_sets.from_json(recorded.vectors).serving.column
        for spec in (FLASHCARDS, REVIEW_LOGS):
            table = tables.for_writing(spec)
            kinds = list(spec.indexes)
            if spec is FLASHCARDS and table.count_rows() >= checkpoint.VECTOR_INDEX_ROWS:
                kinds.append((vectors, Index.VECTOR))
            for column, kind in kinds:
                config = tables.index_config(kind)
                took[f"{spec.name}.{column}"] = _taken(
                    functools.partial(table.create_index, column, config=config, replace=True)
                )
        records.record_tables(recorded)
    return took


def _bytes() -> dict[str, int]:
    """Return the bytes of LanceDB's tables, if they are here, and of PostgreSQL's."""
    from django.db import connection

    from flashcards import store

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'"
            " AND relname LIKE 'flashcards%' AND pg_total_relation_size(oid) > 1000000"
        )
        sizes = {f"postgresql.{name}": size for name, size in cursor.fetchall()}
        cursor.execute("SELECT pg_database_size(current_database())")
        (whole,) = cursor.fetchone()
    return {"lancedb": store.bytes_on_disk(), "postgresql": whole, **sizes}


def _taken(operation: Callable[[], object]) -> dict[str, float]:
    """Return what an operation took: seconds, memory before and at most, written, requests."""
    _forget_peak()
    memory, requests = _peak_mb(), _count_requests()
    begun, processor, wrote = time.perf_counter(), time.process_time(), _written_mb()
    operation()
    return {
        "s": round(time.perf_counter() - begun, 3),
        "processor_s": round(time.process_time() - processor, 3),
        "memory_mb": memory,
        "peak_mb": _peak_mb(),
        "written_mb": _written_mb() - wrote,
        "requests": _count_requests() - requests,
    }


def _count_requests() -> int:
    """Return how many requests the bucket has had; 0 if there is none."""
    log = os.environ.get(BUCKET_LOG)
    return len(REQUEST.findall(Path(log).read_text())) if log else 0


def _written_mb() -> int:
    """Return what this process has written to files and connections so far, in MB (Linux)."""
    lines = Path("/proc/self/io").read_text().splitlines()
    (count,) = (line.split()[1] for line in lines if line.startswith("wchar:"))
    return int(count) // 1_000_000


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> int:
    """Return the most memory that this process had since `_forget_peak` (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) // 1024


if __name__ == "__main__":
    sys.exit(main())
