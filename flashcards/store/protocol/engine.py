"""The engine of the card store: reads, writes, search, checkpoints, maintenance and backups."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.store.protocol.handles import RowsOf, Snapshot, Upgrade, WordSearch
from flashcards.store.protocol.owners import Answers, CardColumns, OwnerView
from flashcards.store.protocol.queries import Manager
from flashcards.store.values import (
    FARTHEST,
    KEEP_VERSIONS,
    AnswerTotals,
    Asked,
    Change,
    Checkpoint,
    Numbers,
    OptimizedTable,
    ReviewSummary,
    StoreStatus,
    VectorSets,
)
from memoryloop.search_words import Term


class CardStore(Protocol):
    """An engine. Functions that name an owner touch that owner's rows only."""

    # Rows

    @property
    def cards(self) -> Manager[Flashcard]: ...

    @property
    def review_logs(self) -> Manager[ReviewLog]: ...

    def view(self, owner_id: UUID) -> OwnerView:
        """Return one learner's cards as they are now. One SQL query, rarely two."""
        ...

    def remembered_view(self, owner_id: UUID) -> OwnerView | None:
        """Return the view that this process saw last, which may be outdated. No query."""
        ...

    def columns(self, owner_id: UUID) -> CardColumns:
        """Return all cards of an owner as arrays.

        One SQL query; the first time in a process all cards are read (0.2 s for 100,000).
        """
        ...

    def answers(self, owner_id: UUID) -> Answers:
        """Return all answers of an owner as arrays.

        One SQL query; the first time in a process the log is read (0.6 s for 500,000 reviews).
        """
        ...

    def answer_totals(self, owner_id: UUID) -> AnswerTotals | None:
        """Return how many answers an owner gave when, as arrays.

        Those of erased cards are among them. None where they are not counted yet: then `answers`
        has to do. One SQL query; the first time in a process the totals are read (15 ms for some
        years).
        """
        ...

    def vectors(self, owner_id: UUID) -> tuple[list[UUID], Numbers]:
        """Return the ids of an owner's cards that have a vector, and (n, dimensions) float16.

        They are the serving model's. Cards in the trash are absent. Costs 1.8 KB of memory a card,
        and a read of all of them.
        """
        ...

    # Writes: each in the caller's transaction, whose commit acknowledges it

    def lock_owner(self, owner_id: UUID) -> None:
        """Queue behind other writers of this owner until the transaction ends.

        Raises OwnerGone for an account that was deleted.
        """
        ...

    def write(self, changes: Iterable[Change]) -> None:
        """Write changes of owners that are locked."""
        ...

    def write_many(
        self,
        owner_id: UUID,
        cards: Sequence[Flashcard],
        logs: Sequence[ReviewLog],
        vectors: Sequence[Any] | None = None,
    ) -> None:
        """Write many new cards of one owner, who is locked, and their reviews.

        `vectors` are the cards' in the set that serves, (n,) numbers each, where there are any.
        Readers see them after the next checkpoint.
        """
        ...

    def erase_cards(self, cards: Sequence[Flashcard]) -> None:
        """Erase cards of one owner, who is locked, and their reviews for good."""
        ...

    def erase_owner(self, owner_id: UUID) -> None:
        """Erase everything of an owner."""
        ...

    # Vectors of several models

    def read_vector_sets(self, *, hold: bool = False) -> VectorSets:
        """Return which models' vectors there are. One SQL query.

        With `hold`, in a transaction, they stay as they are until its end.
        """
        ...

    def begin_vectors(self, model: str, dimensions: int, unrelated: float) -> VectorSets:
        """Have a set of a model's vectors come, in place of another that was to. Return the sets.

        With the model that serves already, all vectors are made anew.
        """
        ...

    def give_up_vectors(self) -> None:
        """Have no other set of vectors come."""
        ...

    def finish_vectors(self) -> bool:
        """Have the coming set serve if no card lacks a vector in it; tell whether it does."""
        ...

    def owners_to_embed(self) -> list[UUID]:
        """Return the owners of cards that lack a vector in the newest set, or a few more."""
        ...

    def drop_retired_vectors(self) -> int:
        """Remove vectors that nobody has asked for during the last hour. Return how many sets."""
        ...

    # Search

    def search_words(self, owner_id: UUID, terms: Sequence[Term], *, limit: int) -> WordSearch:
        """Begin to look for cards that have the words, or words that begin so or are spelt alike.

        Words that are common are not looked for.
        """
        ...

    def search_meaning(
        self, owner_id: UUID, vector: Asked, *, limit: int, max_distance: float = FARTHEST
    ) -> list[Flashcard]:
        """Return the cards nearest to a vector, nearest first; cosine distance, 0 to 2.

        The vector is of the serving model, or a function that returns the one of the model that it
        is given. Cards that have no vector yet are absent.
        """
        ...

    def nearest_cards(
        self, owner_id: UUID, vector: Asked, *, limit: int, max_distance: float = FARTHEST
    ) -> list[tuple[float, Flashcard]]:
        """Return what `search_meaning` does, each card behind its distance."""
        ...

    # Review totals

    def review_totals(
        self,
        owner_id: UUID,
        since: datetime,
        until: datetime,
        *,
        zone: tzinfo,
        day_begins: timedelta,
    ) -> ReviewSummary:
        """Return the totals of whole quarters of an hour in [since, until), by the zone's clock.

        A day begins `day_begins` after midnight. Two SQL queries, whatever the length of the log.
        """
        ...

    def review_days(
        self, owner_id: UUID, since: datetime, *, zone: tzinfo, day_begins: timedelta
    ) -> set[date]:
        """Return the days since a time on which anything was reviewed. Two SQL queries."""
        ...

    # Checkpoints

    def checkpoint(self, *, wait: bool = False) -> Checkpoint:
        """Move one batch of what is pending to where it stays, and return what was done.

        With `wait`, queue behind a checkpoint that is under way; else return at once with `busy`.
        """
        ...

    def checkpoint_all(self) -> Checkpoint:
        """Move everything that is pending now."""
        ...

    def settle_batches(self, owner_id: UUID) -> None:
        """Make what was written by `write_many` visible, if it is not yet."""
        ...

    def count_pending(self) -> int:
        """Return how many changes of all owners wait for a checkpoint."""
        ...

    # Maintenance

    def optimize(self) -> None:
        """Make missing indexes and compact the tables, now."""
        ...

    def optimize_if_due(self) -> bool:
        """Do so if enough was written to slow readers down; return whether it was."""
        ...

    def optimize_fully(
        self,
        keep_versions: timedelta = KEEP_VERSIONS,
        progress: Callable[[str], None] = ...,
    ) -> list[OptimizedTable]:
        """Checkpoint, compact, and prune versions older than `keep_versions`.

        `progress` gets a sentence a step. An empty store gives an empty list.
        """
        ...

    def status(self) -> StoreStatus:
        """Return the state of the store. A table that cannot be read says why."""
        ...

    def check_readable(self) -> None:
        """Read one row of each table. Raises StoreError."""
        ...

    def find_missing_rows(self) -> list[str]:
        """Name the tables that have fewer rows than were recorded. Raises StoreError."""
        ...

    def find_residue(self) -> list[str]:
        """Name the changes that are still pending although the tables have them already."""
        ...

    def find_differing_images(self, start: UUID, end: UUID) -> list[UUID]:
        """Return the cards from id `start` to `end` that are stored in two ways that disagree."""
        ...

    def find_index_faults(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the indexes: "index_missing" or "index_behind", and where."""
        ...

    def drop_duplicates(self, manager: Manager[Any], ids: Sequence[UUID]) -> None:
        """Keep one row of each id in the manager's table, the newest image of a card."""
        ...

    def mend_totals(self, owner_id: UUID) -> None:
        """Raise an owner's review totals to what the log has, where they are below it.

        What they have beyond it stays: it was answered for cards that were erased since.
        """
        ...

    def needed_upgrades(self) -> Sequence[Upgrade]:
        """Return the upgrades that the store lacks, in order.

        Raises OtherSchema for a newer store.
        """
        ...

    def upgrade(self, progress: Callable[[Upgrade], None] = ...) -> Sequence[Upgrade]:
        """Bring an older store up to this schema, and return what was done.

        Cut off, it goes on where it was. Raises OtherSchema for a newer store.
        """
        ...

    @property
    def SCHEMA_VERSION(self) -> int:  # noqa: N802 - a constant of the engine
        """Return the version of the tables' shape that this code reads and writes."""
        ...

    # Backups

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Hold both tables still. Raises OtherSchema."""
        ...

    def older_snapshot(self) -> AbstractContextManager[Snapshot]:
        """Hold a store still that an older MemoryLoop wrote. Its files have the rows as they are.

        PostgreSQL's tables may be older as well. Raises OtherStore if a table is missing.
        """
        ...

    def unchanged_on_error(self) -> AbstractContextManager[None]:
        """Give the tables back the rows and the shape they had, if the block raises.

        The block is within a transaction, which takes back what PostgreSQL recorded of them.
        Raises TablesChanged if the tables cannot go back.
        """
        ...

    def count_files(self, folder: Path, dumped: RowsOf) -> dict[str, int]:
        """Read a backup's files of the tables, and return the rows by the table's name.

        `dumped` tells how many the dump of PostgreSQL has of a table, for an engine whose tables
        are there. Of a table without a file there are none. Raises OSError or ValueError.
        """
        ...

    def restore_files(self, folder: Path, names: Collection[str]) -> AbstractContextManager[str]:
        """Put the rows of a backup's files, those of the names, in the place of the tables' rows.

        Rows that an older MemoryLoop wrote come into today's shape. Yields the SQL that records
        this, for the transaction that restores PostgreSQL. When the block raises, the tables have
        the rows again that they had before.
        """
        ...

    def claim(self) -> None:
        """Take the tables at hand for this installation's, as after a restore."""
        ...

    def recover(self, progress: Callable[[float], None] = ...) -> int:
        """Bring a store up to date that was put back from a copy up to a day old.

        Returns how many changes were applied again; 0 if it is as new as recorded. `progress` gets
        the share that is done. Raises OtherStore if that is impossible; then nothing has changed.
        """
        ...

    def count_rows(self) -> int:
        """Return how many rows both tables have, whatever PostgreSQL recorded of them."""
        ...

    def bytes_on_disk(self) -> int:
        """Return what the tables take on a disk of ours, beside PostgreSQL; 0 elsewhere."""
        ...

    # The process

    def preload(self) -> None:
        """Import what takes a while to import when a table is first read."""
        ...

    def clear_cache(self) -> None:
        """Drop what this process remembers, as after the store was exchanged."""
        ...
