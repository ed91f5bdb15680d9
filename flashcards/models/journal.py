"""The journal: every change of a card or a review is first a row here."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Entry(models.Model):
    """One change of an owner's cards and reviews."""

    class Kind(models.TextChoices):
        # `card` is the whole new image of a card; `log`, if any, is the review that made it;
        # `vector`, if any, is its embedding, and else the card keeps the one it has.
        CARD = "card"
        # Many new cards at once, and their reviews; seen once a checkpoint has moved them.
        BATCH = "batch"
        # Erases the card `card_id` and its reviews.
        ERASE_CARD = "erase_card"
        # Erases all rows of the owner in both tables.
        ERASE_OWNER = "erase_owner"

    # Not a foreign key: the entry that erases an owner outlives the owner.
    owner_id = models.UUIDField()
    kind = models.CharField(max_length=11, choices=Kind)
    card_id = models.UUIDField(null=True)
    card = models.JSONField(null=True)
    log = models.JSONField(null=True)
    # Little-endian float16, or float32 of the first model, of the set that `card` names.
    vector = models.BinaryField(null=True)
    # Of a batch: rows as Arrow IPC streams, compressed.
    card_rows = models.BinaryField(null=True)
    log_rows = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True


class JournalEntry(Entry):
    """One change, acknowledged when its transaction commits, applied by the next checkpoint.

    `id` rises with time for one owner (writers of one owner queue behind a lock), so an owner's
    entries are folded in the order of their ids.
    """

    id = models.BigAutoField(primary_key=True)

    objects: ClassVar[models.Manager["JournalEntry"]] = models.Manager()

    class Meta:
        verbose_name_plural = "journal entries"
        indexes = [models.Index(fields=["owner_id", "id"], name="journal_by_owner")]

    def __str__(self) -> str:
        return f"{self.kind} {self.card_id or self.owner_id} ({self.pk})"


class MovedEntry(Entry):
    """An entry that a checkpoint has moved, kept for a day.

    With those of the last day, LanceDB's tables are brought up to date that were put back from an
    older copy.
    """

    # As in the journal.
    id = models.BigIntegerField(primary_key=True)
    moved_at = models.DateTimeField(db_index=True)
    # The versions of the tables before the checkpoint that moved it.
    flashcards = models.PositiveBigIntegerField()
    review_logs = models.PositiveBigIntegerField()

    objects: ClassVar[models.Manager["MovedEntry"]] = models.Manager()

    class Meta:
        verbose_name_plural = "moved entries"
        indexes = [models.Index(fields=["owner_id"], name="moved_by_owner")]

    def __str__(self) -> str:
        return f"{self.kind} {self.card_id or self.owner_id} ({self.pk})"


class StoreVersions(models.Model):
    """The engine of the card store, and the LanceDB versions that hold every entry that is no
    longer in the journal. One row.
    """

    class Engine(models.TextChoices):
        LANCEDB = "lancedb", "LanceDB"
        POSTGRESQL = "postgresql", "PostgreSQL"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # Where the cards are. The setting CARD_STORE says so for a new installation only.
    engine = models.TextField(choices=Engine, default=Engine.LANCEDB, db_default=Engine.LANCEDB)
    # LanceDB keeps the same id, so that another installation's tables are told apart.
    store_id = models.UUIDField(null=True)
    # The number of checkpoints so far.
    checkpoints = models.PositiveBigIntegerField(default=0)
    # Which of them last changed rows otherwise than by moving entries: an erasure, an upgrade.
    rebuilt = models.PositiveBigIntegerField(default=0, db_default=0)
    flashcards = models.PositiveBigIntegerField(default=0)
    review_logs = models.PositiveBigIntegerField(default=0)
    # How many rows these versions have; unknown until a checkpoint has counted them.
    flashcards_rows = models.PositiveBigIntegerField(null=True)
    review_logs_rows = models.PositiveBigIntegerField(null=True)
    schema = models.PositiveSmallIntegerField(default=0)
    # Whether the review totals were counted by the quarter. Those of an earlier version were by the
    # hour; the next checkpoint counts them anew.
    totals_are_fine = models.BooleanField(default=True, db_default=True)
    # Which models' vectors the tables hold, and which of them serve: VectorSets.
    vectors = models.JSONField(default=dict, db_default={})
    checkpoint_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["StoreVersions"]] = models.Manager()

    class Meta:
        verbose_name = "card store"
        verbose_name_plural = "card store"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="store_versions_one")]

    def __str__(self) -> str:
        return f"flashcards {self.flashcards}, review_logs {self.review_logs}"


class StoredOwner(models.Model):
    """How far the tables have got with an owner's entries: readers tell by it what to read anew.

    Where PostgreSQL has the cards, each change moves itself: `entry_id` is the revision of the
    newest, `batch` that of the last one that was no single entry, and `checkpoint` means nothing.
    """

    # Not a foreign key, as in the journal.
    owner_id = models.UUIDField(primary_key=True)
    # The last checkpoint that moved something of theirs: until the next one, what LanceDB holds
    # of them stays the same.
    checkpoint = models.PositiveBigIntegerField()
    # The newest entry that was moved; all older ones were, too.
    entry_id = models.PositiveBigIntegerField()
    # The last checkpoint that moved a batch of theirs, whose cards no reader has seen before.
    batch = models.PositiveBigIntegerField(default=0)

    objects: ClassVar[models.Manager["StoredOwner"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.owner_id} up to {self.entry_id}"
