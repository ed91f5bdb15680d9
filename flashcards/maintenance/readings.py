"""What the card store and the backups show to whoever watches. Three SQL queries or four."""

from collections.abc import Iterator

from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone

from flashcards.models import BackupStatus, CardRow, JournalEntry, ReviewRow, StoreVersions
from memoryloop.server.readings import age_seconds
from memoryloop.watching import measures
from memoryloop.watching.gauges import Gauge, Reading, register_of_installation

PENDING = Gauge("journal_entries", "Changes that wait for the next checkpoint.")
OLDEST = Gauge("oldest_journal_entry_age_seconds", "How long ago the oldest of them was made.")
CHECKPOINT = Gauge("last_checkpoint_age_seconds", "How long ago a checkpoint last moved something.")
CHECKPOINTS = Gauge("checkpoints", "Checkpoints since the card store was made.")
ROWS = Gauge("lancedb_rows", "Rows of the card store at the last checkpoint.", ("table",))
POSTGRESQL_ROWS = Gauge(
    "postgresql_rows",
    "Rows of the card store in PostgreSQL, as its statistics have it.",
    ("table",),
)
BACKUP = Gauge("last_backup_age_seconds", "How long ago the last verified backup was made.")
FAILING = Gauge("backups_failing", "1 if the last scheduled backup failed, else 0.")

_LIVE_ROWS = "SELECT relname, n_live_tup FROM pg_stat_user_tables WHERE relname = ANY(%s)"


def register() -> None:
    measures.also_by_itself("flashcards:rate", measures.RATING)
    register_of_installation(read_journal, PENDING, OLDEST)
    register_of_installation(read_store, CHECKPOINT, CHECKPOINTS, ROWS, POSTGRESQL_ROWS)
    register_of_installation(read_backups, BACKUP, FAILING)


def read_journal() -> Iterator[Reading]:
    found = JournalEntry.objects.aggregate(count=Count("id"), oldest=Min("created_at"))
    oldest = found["oldest"]
    yield Reading(PENDING, found["count"])
    yield Reading(OLDEST, age_seconds(timezone.now() - oldest) if oldest else 0)


def read_store() -> Iterator[Reading]:
    """Read what the last checkpoint recorded, or PostgreSQL's statistics: no row is counted."""
    recorded = StoreVersions.objects.filter(id=1).first()
    if recorded is None:
        return
    if recorded.engine == StoreVersions.Engine.POSTGRESQL:
        yield from _rows_in_postgresql()
        return
    yield Reading(CHECKPOINTS, recorded.checkpoints)
    if recorded.checkpoint_at is not None:
        yield Reading(CHECKPOINT, age_seconds(timezone.now() - recorded.checkpoint_at))
    for table in ("flashcards", "review_logs"):
        rows = getattr(recorded, f"{table}_rows")
        if rows is not None:
            yield Reading(ROWS, rows, (table,))


def _rows_in_postgresql() -> Iterator[Reading]:
    names = {CardRow._meta.db_table: "flashcards", ReviewRow._meta.db_table: "review_logs"}
    with connection.cursor() as cursor:
        cursor.execute(_LIVE_ROWS, [list(names)])
        for table, rows in cursor.fetchall():
            yield Reading(POSTGRESQL_ROWS, rows, (names[table],))


def read_backups() -> Iterator[Reading]:
    status = BackupStatus.objects.filter(id=1).first()
    if status is None:
        return
    yield Reading(FAILING, status.failing_since is not None)
    if status.made_at is not None:
        yield Reading(BACKUP, age_seconds(timezone.now() - status.made_at))
