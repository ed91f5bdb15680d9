"""Direct writes: what a request would wait if it wrote to LanceDB itself. Never in use.

Works on a copy of nothing: the rows it adds belong to nobody and are deleted again.
"""

import time
import uuid
from uuid import UUID

from flashcards.store.lance import sql, tables
from flashcards.store.maintenance import checkpoint
from flashcards.store.maintenance import recorded as records
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import EVERYTHING, FLASHCARDS

Seconds = tuple[float, float]


def measure(owner_id: UUID, *, rows: int) -> tuple[list[Seconds], list[Seconds]]:
    """Return what adding one row takes, and replacing one by delete and add, each `rows` times.

    On the table as it is; the seconds that went by, and those of the processor.
    """
    inserts, updates = list[Seconds](), list[Seconds]()
    with checkpoint.exclusive() as recorded:
        table = tables.for_writing(FLASHCARDS)
        owned = sql.where(condition(FLASHCARDS, "owner_id", owner_id))
        whole = table.schema
        one = table.search().where(owned).limit(1).to_arrow().select(whole.names).cast(whole)
        nobody = str(uuid.uuid4())
        for _ in range(rows):
            row = one.set_column(0, whole.field("id"), [[str(uuid.uuid4())]])
            row = row.set_column(1, whole.field("owner_id"), [[nobody]])
            started = time.perf_counter(), time.process_time()
            table.add(row, on_bad_vectors="null")
            inserts.append(_since(started))
            where = sql.where(condition(FLASHCARDS, "id", UUID(row["id"][0].as_py())))
            started = time.perf_counter(), time.process_time()
            kept = table.search().where(where).limit(EVERYTHING).to_arrow()
            table.delete(where)
            table.add(kept.select(whole.names).cast(whole), on_bad_vectors="null")
            updates.append(_since(started))
        table.delete(sql.where(condition(FLASHCARDS, "owner_id", UUID(nobody))))
        records.record_tables(recorded)
    return inserts, updates


def _since(started: Seconds) -> Seconds:
    return time.perf_counter() - started[0], time.process_time() - started[1]
