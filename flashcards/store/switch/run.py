"""The switch: all rows are copied and verified while people study, then the rest in one moment.

Nothing is changed in the engine that serves. A part that is copied again changes nothing, and how
many are done is recorded with each, so a switch that was cut off anywhere goes on where it was.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.models import JournalEntry, StoredOwner, StoreSwitch, StoreVersions
from flashcards.store import engines, failpoints, recorded_vectors
from flashcards.store.journal import moved
from flashcards.store.maintenance import checkpoint
from flashcards.store.maintenance import recorded as records
from flashcards.store.rows.schema import SCHEMA_VERSION
from flashcards.store.switch import locks
from flashcards.store.switch.errors import SwitchError
from flashcards.store.switch.lance_side import LanceSide
from flashcards.store.switch.postgres_side import PostgresSide, existing_owners
from flashcards.store.switch.rows import Rows, Selection, changed, differing, part, parts_for
from flashcards.store.values import VectorSets

Engine = StoreVersions.Engine
Side = LanceSide | PostgresSide
# Counts the cards whose schedule is not what their reviews give.
Folds = Callable[[list[tuple[Flashcard, list[ReviewLog]]]], int]

# Cards moved at a time, of those that changed meanwhile.
_CARDS_AT_ONCE = 1_000
# While more than this have changed, they are moved before anybody has to wait.
_LEFT_MOST = 100
_ROUNDS_MOST = 20
# Cards whose revisions are compared at a time.
_COMPARED_AT_ONCE = 100_000
# How often writers are asked to stop, and the pause before each further time.
_PAUSE_SECONDS = 1.0
_TRIES = 60
_NEXT = "SELECT setval(%(name)s, greatest(nextval(%(name)s), %(least)s))"
_SEQUENCE = "flashcards_journalentry_id_seq"


@dataclass(frozen=True)
class Progress:
    """How far a switch is: rows that are copied and verified, of how many, since when."""

    sentence: str
    rows: int = 0
    of: int = 0
    # A second, of those copied by this run.
    rate: float = 0.0


@dataclass
class Switched:
    """What a switch did."""

    target: str
    cards: int
    reviews: int
    vectors: int
    # Cards that changed while the others were copied, and those of them moved at the last moment.
    caught_up: int
    moved_last: int
    # How long whoever wanted to write had to wait at most.
    waited_seconds: float
    doubled: int
    left_out: int
    not_folded: int


@dataclass(frozen=True)
class _Compared:
    """How far the source was when all cards were last compared."""

    # The newest change of each owner, and of the store as a whole otherwise than by those.
    reached: dict[UUID, int]
    rebuilt: int
    # The cards that were not of the same change on both sides.
    ids: list[UUID]


@dataclass
class _Run:
    source: Side
    target: Side
    folds: Folds
    tell: Callable[[Progress], None]
    switch: StoreSwitch
    sets: VectorSets
    caught_up: int = 0
    compared: _Compared = field(default_factory=lambda: _Compared({}, -1, []))

    def copy(self) -> None:
        """Copy and verify the parts that are not done yet."""
        source_rows = self.source.counts()
        of = max(sum(source_rows), 1)
        began, before = time.monotonic(), self.switch.cards + self.switch.reviews
        while self.switch.done < self.switch.parts:
            with locks.still(self.source.engine):
                self._move(part(self.switch.done, self.switch.parts), counted=True)
                self.switch.done += 1
                failpoints.reach("switch-part")
                self.switch.save()
            failpoints.reach("switch-part-committed")
            rows = self.switch.cards + self.switch.reviews
            rate = (rows - before) / max(time.monotonic() - began, 1e-3)
            self.tell(Progress("Copying and verifying", min(rows, of), of, rate))

    def catch_up(self) -> None:
        """Move what changed meanwhile, until little is left."""
        for _ in range(_ROUNDS_MOST):
            self._settle_journal()
            with locks.still(self.source.engine):
                ids = self._changed()
                self.compared = _Compared(*_reached(), ids)
            if len(ids) <= _LEFT_MOST:
                return
            for some in _groups(ids):
                with locks.still(self.source.engine):
                    self._move(Selection(ids=frozenset(some)))
                failpoints.reach("switch-caught-up")
            self.caught_up += len(ids)
            self.tell(Progress(f"{self.caught_up:,} cards that changed meanwhile"))

    def switch_over(self) -> tuple[int, float]:
        """Move the rest while nobody writes, verify it, and have the other engine serve.

        Return how many cards that were, and how long writers waited. All of it is one transaction.
        """
        for _ in range(_TRIES):
            self.catch_up()
            began = time.monotonic()
            try:
                with transaction.atomic():
                    locks.hold_writers()
                    last = self._last()
                    failpoints.reach("switch-before-commit")
            except locks.Busy:
                time.sleep(_PAUSE_SECONDS)
                continue
            waited = time.monotonic() - began
            failpoints.reach("switch-committed")
            return last, waited
        raise SwitchError(
            "Something has been writing for minutes, such as an import. Nothing has switched: run "
            "this again once it has ended. What is copied stays copied."
        )

    def _last(self) -> int:
        # Those of the journal's last moments. The transaction is ours, so nothing comes after them.
        self._settle_journal()
        if recorded_vectors.read() != self.sets:
            self.sets = recorded_vectors.read()
            self.target.prepare(self.sets)
        ids = self._changed_since()
        self._move_all(ids)
        # All cards of the source are in the target now, so it has more exactly if some are gone
        # from the source since. Of a source that has more itself, counts say nothing.
        if self.switch.doubled or self.switch.left_out or not self._are_as_many():
            gone = self._changed()
            self._move_all(gone)
            ids += gone
        failpoints.reach("switch-moved-last")
        self._check_counts()
        self._record()
        return len(ids)

    def _move_all(self, ids: Sequence[UUID]) -> None:
        for some in _groups(ids):
            self._move(Selection(ids=frozenset(some)))

    def _move(self, selected: Selection, *, counted: bool = False) -> None:
        """Make the target's rows of some cards those of the source, and verify that they are."""
        source = self._source(selected)
        before = self.target.read(selected, self.sets)
        # What LanceDB had twice before it served no more is there once from now on.
        ids = source.ids | before.ids if before.doubled else set(differing(source, before))
        if ids:
            self.target.replace(ids, source.only(ids), self.sets)
            failpoints.reach("switch-written")
        found = self.target.read(selected, self.sets)
        if wrong := differing(source, found):
            raise SwitchError(
                f"{len(wrong):,} cards are not the same in both engines after they were copied, as "
                f"{wrong[0]}. Nothing has switched. Run `check_store`, then this again."
            )
        if counted:
            self.switch.cards += len(found.cards)
            self.switch.reviews += found.log_count
            self.switch.vectors += found.vector_count
            self.switch.doubled += source.doubled
            self.switch.left_out += source.left_out
        histories = [
            (card, list(found.logs.get(card_id, {}).values()))
            for card_id, (_, card) in found.cards.items()
        ]
        self.switch.not_folded += self.folds(histories)

    def _source(self, selected: Selection) -> Rows:
        rows = self.source.read(selected, self.sets)
        if self.source.engine == Engine.POSTGRESQL:
            return rows
        # PostgreSQL has no row of an account that is not there, and what is left of one that was
        # deleted goes nowhere.
        return rows.without_strangers(existing_owners(rows.owners, hold=True))

    def _changed(self) -> list[UUID]:
        """Return the cards that are not of the same change on both sides."""
        cards, _ = self.source.counts()
        regions = max(1, cards // _COMPARED_AT_ONCE)
        found: list[UUID] = []
        for number in range(regions):
            region = part(number, regions)
            rows = self.source.revisions(region)
            owners = existing_owners({owner_id for owner_id, _ in rows.values()})
            ours = {each: revision for each, (owner, revision) in rows.items() if owner in owners}
            theirs = self.target.revisions(region)
            found += changed(ours, {each: revision for each, (_, revision) in theirs.items()})
        return found

    def _changed_since(self) -> list[UUID]:
        """Return the cards of the source that may have changed since all were compared.

        An owner's changes have numbers that rise with their commits. Those of another owner may
        have lower ones and still come later, so each owner has a mark of their own.
        """
        reached, rebuilt = _reached()
        if rebuilt != self.compared.rebuilt:
            return self._changed()
        found = set(self.compared.ids)
        for owner_id, newest in reached.items():
            known = self.compared.reached.get(owner_id, -1)
            if newest != known:
                found |= self.source.newer(owner_id, known)
        return sorted(found)

    def _are_as_many(self) -> bool:
        return self.source.counts()[0] == self.target.counts()[0]

    def _check_counts(self) -> None:
        """Raise SwitchError unless both sides have as many rows. The rows were compared before."""
        if self.switch.doubled or self.switch.left_out:
            # The source has more, which was counted.
            return
        source, target = self.source.counts(), self.target.counts()
        if source != target:
            raise SwitchError(
                f"{source[0]:,} cards and {source[1]:,} reviews are in {self.source.engine.label}, "
                f"and {target[0]:,} and {target[1]:,} in {self.target.engine.label}. Nothing has "
                "switched. Run `check_store`, then this again with --anew."
            )
        # Another embedding model may have begun to make vectors while the cards were copied.
        if self.source.count_vectors(self.sets) != self.target.count_vectors(self.sets):
            raise SwitchError(
                "Vectors of another embedding model came while the cards were copied. Nothing has "
                "switched: run this again with --anew."
            )

    def _record(self) -> None:
        """Record that the target serves, and from where on everything is read anew."""
        recorded = StoreVersions.objects.select_for_update().get(id=1)
        newest = max(recorded.checkpoints, recorded.rebuilt) + 1
        if self.target.engine == Engine.POSTGRESQL:
            with connection.cursor() as cursor:
                cursor.execute(_NEXT, {"name": _SEQUENCE, "least": newest})
                (recorded.rebuilt,) = cursor.fetchone()
            StoredOwner.objects.update(checkpoint=0, batch=0)
        else:
            # Checkpoints go on from there: a later one has a greater number than all before.
            recorded.checkpoints = recorded.rebuilt = newest
            recorded.checkpoint_at = timezone.now()
            StoredOwner.objects.update(checkpoint=newest, batch=0)
            records.record_tables(recorded)
        if JournalEntry.objects.exists():
            raise SwitchError("The journal is not empty. Nothing has switched: run this again.")
        # They say how to get to rows that are the store no more.
        moved.clear()
        recorded.schema = SCHEMA_VERSION
        recorded.engine = self.target.engine
        recorded.save()
        self.switch.switched_at = timezone.now()
        self.switch.save()

    def _settle_journal(self) -> None:
        if self.source.engine == Engine.LANCEDB:
            checkpoint.run_until_empty()
            # PostgreSQL takes the totals over as they are.
            checkpoint.settle_totals()


def _reached() -> tuple[dict[UUID, int], int]:
    """Return the newest change of each owner, and which change was of the whole store."""
    owners = dict(StoredOwner.objects.values_list("owner_id", "entry_id"))
    return owners, StoreVersions.objects.values_list("rebuilt", flat=True).get(id=1)


def _groups(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), _CARDS_AT_ONCE):
        yield ids[start : start + _CARDS_AT_ONCE]


def run(
    target: str,
    *,
    folds: Folds,
    tell: Callable[[Progress], None] = lambda _: None,
    anew: bool = False,
) -> Switched:
    """Switch to an engine, and return what was done. Raises SwitchError or another StoreError.

    With `anew`, what was copied before is compared again from the beginning.
    """
    with locks.alone():
        sides: dict[str, Side] = {Engine.LANCEDB.value: LanceSide()}
        sides[Engine.POSTGRESQL.value] = PostgresSide()
        serving = engines.recorded() or engines.name()
        if serving == target:
            raise SwitchError(f"The cards are in {Engine(target).label} already.")
        # Nothing may be recorded yet.
        StoreVersions.objects.get_or_create(id=1, defaults={"engine": serving})
        here = _Run(
            sides[serving], sides[target], folds, tell, StoreSwitch(), recorded_vectors.read()
        )
        here.source.check_source()
        here.target.check_target()
        here._settle_journal()
        here.switch = _begun(here, target, anew=anew)
        with locks.still(here.source.engine):
            here.target.prepare(here.sets)
        failpoints.reach("switch-prepared")
        here.copy()
        tell(Progress("Making indexes"))
        with transaction.atomic():
            checkpoint.lock(wait=True)
            here.target.finish(here.sets)
        failpoints.reach("switch-indexed")
        last, waited = here.switch_over()
        engines.forget()
        done = here.switch
        cards, reviews = here.target.counts()
        return Switched(
            target=target,
            cards=cards,
            reviews=reviews,
            vectors=done.vectors,
            caught_up=here.caught_up,
            moved_last=last,
            waited_seconds=waited,
            doubled=done.doubled,
            left_out=done.left_out,
            not_folded=done.not_folded,
        )


def drop_old() -> str:
    """Remove the rows of the engine that does not serve, and return its name.

    They are of before a switch, or of one that was cut off and so is given up. Raises SwitchError
    where there are none, and OtherStore for tables of LanceDB that belong to another database.
    """
    with locks.alone(), transaction.atomic():
        checkpoint.lock(wait=True)
        recorded = StoreVersions.objects.select_for_update().filter(id=1).first()
        serving = recorded.engine if recorded else engines.name()
        old: Side = LanceSide() if serving == Engine.POSTGRESQL else PostgresSide()
        if not old.is_there():
            raise SwitchError(f"{old.place()} has no cards: nothing is old.")
        old.drop()
        StoreSwitch.objects.filter(switched_at=None).delete()
        return str(old.engine.label)


def _begun(here: _Run, target: str, *, anew: bool) -> StoreSwitch:
    """Return the switch that was cut off, or a new one."""
    found = StoreSwitch.objects.filter(id=1, target=target, switched_at=None).first()
    if found is not None and not anew:
        return found
    parts = parts_for(*here.source.counts())
    with transaction.atomic():
        StoreSwitch.objects.all().delete()
        return StoreSwitch.objects.create(target=target, parts=parts, started_at=timezone.now())
