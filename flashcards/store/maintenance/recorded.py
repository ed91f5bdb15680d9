"""What PostgreSQL recorded of LanceDB's tables, and whether the tables at hand are those.

A writer asks before it writes: what a checkpoint moved into an empty folder, because a disk was not
mounted, would be gone from the journal.
"""

import uuid

from flashcards.models import StoreVersions
from flashcards.store.journal import moved
from flashcards.store.lance import tables, upgrades
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS


def read(*, any_schema: bool = False) -> StoreVersions:
    """Return the recorded state. Raises OtherSchema if the store is not for this code."""
    recorded = StoreVersions.objects.filter(id=1).first() or StoreVersions()
    if not any_schema:
        upgrades.check(recorded.schema, recorded.flashcards, recorded.review_logs)
    return recorded


def give_id() -> None:
    """See to it that PostgreSQL has an id for the store, before LanceDB gets any.

    A store that was written before there were ids takes the one that its tables have, if any.
    """
    found = StoreVersions.objects.filter(id=1).first()
    if found is not None and found.store_id is not None:
        return
    store_id = tables.read_store_id() if found is not None and _is_written(found) else None
    StoreVersions.objects.get_or_create(id=1)
    StoreVersions.objects.filter(store_id=None).update(store_id=store_id or uuid.uuid4())


def check_tables(recorded: StoreVersions) -> None:
    """Raise OtherStore unless LanceDB's tables are those that were recorded, or newer.

    Tables without an id get the recorded one.
    """
    for spec, version in ((FLASHCARDS, recorded.flashcards), (REVIEW_LOGS, recorded.review_logs)):
        if not version:
            continue
        if not tables.is_there(spec):
            raise tables.missing(spec.name)
        if (found := tables.for_writing(spec).version) < version:
            raise tables.older(found, version)
    check_id(recorded)


def check_id(recorded: StoreVersions) -> None:
    """Raise OtherStore if LanceDB's tables have another id; those without get the recorded one."""
    store_id = tables.read_store_id()
    if store_id is None and recorded.store_id is not None:
        tables.write_store_id(recorded.store_id)
    elif store_id != recorded.store_id:
        raise tables.another()


def record_tables(recorded: StoreVersions) -> None:
    """Note the newest versions of both tables and how many rows they have. The caller saves it."""
    flashcards, review_logs = (tables.for_writing(spec) for spec in (FLASHCARDS, REVIEW_LOGS))
    recorded.flashcards, recorded.review_logs = flashcards.version, review_logs.version
    recorded.flashcards_rows = flashcards.count_rows()
    recorded.review_logs_rows = review_logs.count_rows()


def claim() -> None:
    """Give the tables at hand a new id in both stores, as after a restore has replaced them.

    What was moved into the tables before them says nothing of these.
    """
    moved.clear()
    store_id = uuid.uuid4()
    tables.write_store_id(store_id)
    StoreVersions.objects.update_or_create(id=1, defaults={"store_id": store_id})


def _is_written(recorded: StoreVersions) -> bool:
    return bool(recorded.flashcards or recorded.review_logs)
