"""The switch of the card store to another engine: how far it is, and reviews without a card."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from flashcards.models.journal import StoreVersions


class StoreSwitch(models.Model):
    """How far the copying to an engine is, so that one that was cut off goes on. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    target = models.TextField(choices=StoreVersions.Engine)
    # The ids of cards are cut into so many ranges, of which these are copied and verified.
    parts = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    # Copied and verified so far.
    cards = models.PositiveBigIntegerField(default=0)
    reviews = models.PositiveBigIntegerField(default=0)
    vectors = models.PositiveBigIntegerField(default=0)
    # Rows that were there more than once; rows of accounts that do not exist; cards whose schedule
    # is not what their reviews give, on both sides.
    doubled = models.PositiveBigIntegerField(default=0)
    left_out = models.PositiveBigIntegerField(default=0)
    not_folded = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField()
    # When the engine was switched; None until then.
    switched_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["StoreSwitch"]] = models.Manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="store_switch_one")]

    def __str__(self) -> str:
        return f"to {self.target}: {self.done} of {self.parts}"


class UnplacedReview(models.Model):
    """A review of a card that is not there, which LanceDB had and PostgreSQL cannot have.

    It goes back with a switch to LanceDB.
    """

    id = models.UUIDField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    flashcard_id = models.UUIDField(db_index=True)
    # The record as JSON.
    log = models.TextField()

    objects: ClassVar[models.Manager["UnplacedReview"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.id} of {self.flashcard_id}"
