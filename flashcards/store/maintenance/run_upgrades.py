"""The run of upgrades: it brings an older store up to today's schema, one by one.

Each upgrade is recorded in a commit of its own once all of its steps are done and on the disk, so
a process that was killed goes on where it was. Until the last one, everybody else refuses to read.
"""

from collections.abc import Callable

from flashcards.models import StoreVersions
from flashcards.store import failpoints
from flashcards.store.lance import tables, upgrades
from flashcards.store.lance.upgrades import Upgrade
from flashcards.store.maintenance import checkpoint
from flashcards.store.maintenance import recorded as records


def needed() -> list[Upgrade]:
    """Return the upgrades that the store lacks, in order. Raises OtherSchema for a newer store."""
    recorded = StoreVersions.objects.filter(id=1).first()
    if recorded is None or not (recorded.flashcards or recorded.review_logs):
        return []
    latest = upgrades.UPGRADES[-1].number
    if recorded.schema > latest:
        upgrades.check(recorded.schema, recorded.flashcards, recorded.review_logs)
    return [upgrade for upgrade in upgrades.UPGRADES if upgrade.number > recorded.schema]


def run(progress: Callable[[Upgrade], None] = lambda _: None) -> list[Upgrade]:
    """Do what is needed, and return what was done. Raises OtherSchema for a newer store."""
    done = []
    for upgrade in needed():
        progress(upgrade)
        with checkpoint.exclusive(upgrading=True) as recorded:
            # Another process may have done it while this one waited for the lock.
            if recorded.schema >= upgrade.number:
                continue
            for number, step in enumerate(upgrade.steps, start=1):
                step.change_table(tables.for_writing(step.spec))
                failpoints.reach(f"upgrade-{upgrade.number}-{number}")
            records.record_tables(recorded)
            recorded.schema = upgrade.number
        done.append(upgrade)
    return done
