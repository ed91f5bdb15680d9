"""Models for the admin without a table, filled from the records of the store.

They give the admin labels, permissions and addresses; nothing is ever read or written through them.
"""

import enum
from collections.abc import Iterable
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from flashcards.domain.records import Kind, LogKind, Rating, State

M = TypeVar("M", bound=models.Model)


def _choices(values: Iterable[enum.Enum]) -> list[tuple[Any, str]]:
    return [(value.value, value.name.title()) for value in values]


STATES = _choices(State)


class NoTable(models.Manager[M]):
    """A manager that finds nothing: dumpdata and others that read all models find no table."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().none()


class StoreRow(models.Model):
    """A record of the store as a model for the admin."""

    id = models.UUIDField("id", primary_key=True, editable=False)
    # Not a foreign key: there is no table to join.
    owner_id = models.UUIDField("owner", editable=False)

    # The owner's email address, which the admin reads for a whole page at once.
    owner_email = ""

    objects: ClassVar[models.Manager[Any]] = NoTable()

    class Meta:
        abstract = True
        managed = False

    def __str__(self) -> str:
        # No words of the learner: the admin's log keeps this after their account is deleted.
        return str(self.id)

    @classmethod
    def of(cls, record: Any) -> Self:
        """Return the model of a record."""
        return cls(**{field.name: getattr(record, field.name) for field in cls._meta.fields})


class StoredFlashcard(StoreRow):
    note_id = models.UUIDField("note", editable=False)
    kind = models.CharField(max_length=8, choices=_choices(Kind))
    ordinal = models.PositiveSmallIntegerField(default=1)
    question = models.TextField()
    answer = models.TextField(blank=True)
    extra = models.TextField("note", blank=True)
    tags = ArrayField(models.TextField(), default=list, blank=True)
    suspended = models.BooleanField(default=False)
    buried_until = models.DateTimeField(null=True)
    message_id = models.UUIDField("source message", null=True)
    source_start = models.PositiveIntegerField(null=True)
    source_end = models.PositiveIntegerField(null=True)
    embedding_model = models.CharField(max_length=80, blank=True)
    state = models.PositiveSmallIntegerField(choices=STATES)
    step = models.PositiveSmallIntegerField(null=True)
    stability = models.FloatField("stability in days", null=True)
    difficulty = models.FloatField(null=True)
    due = models.DateTimeField()
    last_review = models.DateTimeField(null=True)
    reps = models.PositiveIntegerField(default=0)
    lapses = models.PositiveIntegerField(default=0)
    sequence = models.PositiveIntegerField("log rows", default=0)
    created_at = models.DateTimeField("created")
    edited_at = models.DateTimeField("edited")
    deleted_at = models.DateTimeField("in the trash since", null=True)

    class Meta(StoreRow.Meta):
        managed = False
        verbose_name = "flashcard"
        default_permissions = ("view", "change", "delete")


class StoredReviewLog(StoreRow):
    flashcard_id = models.UUIDField("flashcard")
    sequence = models.PositiveIntegerField("position")
    kind = models.CharField(max_length=8, choices=_choices(LogKind))
    rating = models.PositiveSmallIntegerField(null=True, choices=_choices(Rating))
    reviewed_at = models.DateTimeField("reviewed")
    duration_ms = models.PositiveIntegerField("duration in milliseconds", default=0)
    elapsed_days = models.FloatField(null=True)
    scheduled_days = models.FloatField(default=0.0)
    undoes = models.UUIDField("takes back", null=True)
    state_before = models.PositiveSmallIntegerField(choices=STATES)
    stability_before = models.FloatField(null=True)
    difficulty_before = models.FloatField(null=True)
    state_after = models.PositiveSmallIntegerField(choices=STATES)
    stability_after = models.FloatField(null=True)
    difficulty_after = models.FloatField(null=True)

    # The beginning of the question, for users who may see cards.
    question = ""

    class Meta(StoreRow.Meta):
        managed = False
        verbose_name = "review log"
        default_permissions = ("view",)
