"""Recovery: tables that were put back from an older copy are brought up to date.

The entries that checkpoints moved during the last day are applied again, oldest first. One that the
tables have already changes nothing. What accounts had that were deleted since is left to the check.
"""

from collections.abc import Callable

from flashcards.models import MovedEntry, StoreVersions
from flashcards.store.errors import OtherStore
from flashcards.store.journal import moved
from flashcards.store.lance import tables
from flashcards.store.maintenance import caches, checkpoint, recorded
from flashcards.store.maintenance.apply_entries import apply
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS


def run(progress: Callable[[float], None] = lambda _: None) -> int:
    """Apply what was moved during the last day again, and return how many entries that were.

    0 if the tables are as new as recorded. Raises OtherStore if they are missing, of another store,
    or so old that entries which they lack are not kept any more; then nothing has changed.
    """
    with checkpoint.exclusive(recovering=True) as versions:
        if not _are_older(versions):
            return 0
        ids = list(MovedEntry.objects.order_by("id").values_list("id", flat=True))
        for start in range(0, len(ids), checkpoint.BATCH_ENTRIES):
            part = ids[start : start + checkpoint.BATCH_ENTRIES]
            entries = MovedEntry.objects.defer("card_rows", "log_rows").filter(id__in=part)
            apply(list(entries.order_by("id")), versions, recovering=True)
            progress((start + len(part)) / len(ids))
        recorded.record_tables(versions)
    caches.clear_cache()
    return len(ids)


def _are_older(versions: StoreVersions) -> bool:
    """Tell whether the tables are older than was recorded. Raises OtherStore if that is final."""
    specs, wanted = (FLASHCARDS, REVIEW_LOGS), (versions.flashcards, versions.review_logs)
    if not any(wanted):
        return False
    for spec in specs:
        if not tables.is_there(spec):
            raise tables.missing(spec.name)
    recorded.check_id(versions)
    found = [int(tables.for_writing(spec).version) for spec in specs]
    if all(version >= least for version, least in zip(found, wanted, strict=True)):
        return False
    oldest = moved.oldest_versions()
    if oldest is None or any(version < kept for version, kept in zip(found, oldest, strict=True)):
        raise OtherStore(
            "The card store is older than the changes of the last day, which are all that is "
            "kept: put back a newer copy of its files, or restore a backup."
        )
    return True
