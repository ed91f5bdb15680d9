"""Review totals by quarter of an hour, updated at each checkpoint: no page reads a whole log."""

from typing import ClassVar

from django.db import models


class ReviewTotals(models.Model):
    """The answers of one owner in a quarter of an hour that say the same, without undone ones.

    Counts what a checkpoint has moved into LanceDB; what is still in the journal comes on top. What
    was studied stays counted when its cards are deleted.
    """

    # Not a foreign key, as in the journal: a checkpoint removes them with the owner's cards.
    owner_id = models.UUIDField()
    # Quarters of an hour since 1970, UTC: hours and days of every time zone begin with one.
    quarter = models.IntegerField()
    # What the answers say: flashcards/domain/answer_codes.py.
    code = models.PositiveSmallIntegerField()
    reviews = models.IntegerField(default=0)
    duration_ms = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager["ReviewTotals"]] = models.Manager()

    class Meta:
        verbose_name_plural = "review totals"
        constraints = [
            models.UniqueConstraint(
                fields=["owner_id", "quarter", "code"], name="review_totals_by_quarter"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reviews} of {self.code} at {self.quarter}"
