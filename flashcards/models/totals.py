"""Review totals by hour, updated at each checkpoint: no page reads a whole log."""

from typing import ClassVar

from django.db import models


class ReviewTotals(models.Model):
    """The reviews of one owner in one hour with one rating from one state, without undone ones.

    Counts what a checkpoint has moved into LanceDB; what is still in the journal comes on top.
    """

    # Not a foreign key, as in the journal: a checkpoint removes them with the owner's cards.
    owner_id = models.UUIDField()
    # The beginning of the hour, UTC.
    hour = models.DateTimeField()
    # 1 Again … 4 Easy.
    rating = models.PositiveSmallIntegerField()
    # The FSRS state before the review.
    state = models.PositiveSmallIntegerField()
    # Whether the review tested the memory: it was a day or more after the one before.
    spaced = models.BooleanField()
    reviews = models.IntegerField(default=0)
    duration_ms = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager["ReviewTotals"]] = models.Manager()

    class Meta:
        verbose_name_plural = "review totals"
        constraints = [
            models.UniqueConstraint(
                fields=["owner_id", "hour", "rating", "state", "spaced"], name="review_totals_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reviews} at {self.hour:%Y-%m-%d %H}h"
