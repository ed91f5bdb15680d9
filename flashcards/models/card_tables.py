"""The card store's tables where PostgreSQL is its engine: cards, their reviews, their vectors.

The store alone reads and writes them (`flashcards/store/postgres/`); everything else asks the
store, whichever engine it has. The columns are the fields of `Flashcard` and `ReviewLog`.

The rows of an owner go with their account by PostgreSQL's own ON DELETE CASCADE. Django would read
all of them first, and list them on the admin's page.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from pgvector.django import HalfVectorField


class CardRow(models.Model):
    """One card, as `flashcards.domain.records.Flashcard` says."""

    id = models.UUIDField(primary_key=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    note_id = models.UUIDField(db_index=True)
    kind = models.TextField()
    ordinal = models.SmallIntegerField()
    question = models.TextField()
    answer = models.TextField()
    extra = models.TextField()
    deck_ids = ArrayField(models.UUIDField())
    tags = ArrayField(models.TextField())
    flag = models.SmallIntegerField()
    suspended = models.BooleanField()
    buried_until = models.DateTimeField(null=True)
    message_id = models.UUIDField(null=True)
    document_id = models.UUIDField(null=True)
    source_start = models.IntegerField(null=True)
    source_end = models.IntegerField(null=True)
    source_hash = models.TextField()
    embedding_model = models.TextField()
    state = models.SmallIntegerField()
    step = models.SmallIntegerField(null=True)
    stability = models.FloatField(null=True)
    difficulty = models.FloatField(null=True)
    memory = ArrayField(models.FloatField())
    memory_model = models.TextField()
    due = models.DateTimeField()
    last_review = models.DateTimeField(null=True)
    reps = models.IntegerField()
    lapses = models.IntegerField()
    sequence = models.IntegerField()
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    # The number of the change that made the row what it is. It rises with an owner's commits, so
    # what came after a number that a process knows is what it has not seen. From the same sequence
    # as the journal's ids.
    revision = models.BigIntegerField()
    # The keys of its words, by which it is searched: flashcards/store/rows/search_keys.py.
    search_keys = models.TextField()

    objects: ClassVar[models.Manager["CardRow"]] = models.Manager()

    class Meta:
        db_table = "flashcards_flashcard"
        indexes = [
            models.Index(fields=["owner", "revision"], name="card_by_revision"),
            models.Index(fields=["owner", "due"], name="card_by_due"),
            models.Index(
                fields=["message_id"],
                condition=models.Q(message_id__isnull=False),
                name="card_by_message",
            ),
            GinIndex(fields=["deck_ids"], name="card_by_deck"),
            GinIndex(fields=["tags"], name="card_by_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.id} as of {self.revision}"


class ReviewRow(models.Model):
    """One row of the review log, as `flashcards.domain.records.ReviewLog` says."""

    id = models.UUIDField(primary_key=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    flashcard = models.ForeignKey(CardRow, on_delete=models.CASCADE, related_name="+")
    sequence = models.IntegerField()
    kind = models.TextField()
    rating = models.SmallIntegerField(null=True)
    reviewed_at = models.DateTimeField()
    duration_ms = models.IntegerField()
    elapsed_days = models.FloatField(null=True)
    scheduled_days = models.FloatField()
    undoes = models.UUIDField(null=True)
    state_before = models.SmallIntegerField()
    stability_before = models.FloatField(null=True)
    difficulty_before = models.FloatField(null=True)
    state_after = models.SmallIntegerField()
    stability_after = models.FloatField(null=True)
    difficulty_after = models.FloatField(null=True)
    # As a card's.
    revision = models.BigIntegerField()

    objects: ClassVar[models.Manager["ReviewRow"]] = models.Manager()

    class Meta:
        db_table = "flashcards_reviewlog"
        indexes = [
            models.Index(fields=["owner", "revision"], name="review_by_revision"),
            models.Index(fields=["owner", "reviewed_at"], name="review_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.id} as of {self.revision}"


class CardVector(models.Model):
    """A card's vector in one of the sets of `flashcards.store.VectorSets`."""

    card = models.ForeignKey(CardRow, on_delete=models.CASCADE, related_name="+", db_index=False)
    # As the card's: what is nearest is looked for among one owner's.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    # The column of the set, as `VectorSet` names it. Sets differ in their number of dimensions.
    column = models.TextField()
    vector = HalfVectorField()

    objects: ClassVar[models.Manager["CardVector"]] = models.Manager()

    class Meta:
        db_table = "flashcards_cardvector"
        constraints = [
            models.UniqueConstraint(fields=["card", "column"], name="card_vector_once"),
        ]
        indexes = [models.Index(fields=["owner", "column"], name="card_vector_by_owner")]

    def __str__(self) -> str:
        return f"{self.column} of {self.card_id}"
