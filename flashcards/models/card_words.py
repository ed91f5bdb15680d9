"""What cards are found by where PostgreSQL is the card store's engine: their keys, their words.

Triggers on the table of cards keep both up (migration 0031), so that no way to write a card can
forget them. PostgreSQL removes them with the card, and with the account.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from flashcards.models.card_tables import CardRow


class CardKeys(models.Model):
    """The search keys of a card that is not in the trash.

    Apart from the card's row, which each review rewrites: with their index on that table a review
    would take three times as long.
    """

    # Removed with the card by PostgreSQL, which has the foreign key.
    card = models.OneToOneField(
        CardRow,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="+",
    )
    owner_id = models.UUIDField(db_index=True)
    keys = SearchVectorField()

    objects: ClassVar[models.Manager["CardKeys"]] = models.Manager()

    class Meta:
        # New rows wait in a list that each search reads through. With up to 1 MB of it a card is
        # written in half the time, and a search takes 0.2 ms longer.
        indexes = [GinIndex(fields=["keys"], name="card_by_keys", gin_pending_list_limit=1024)]

    def __str__(self) -> str:
        return f"keys of {self.card_id}"


class KnownWord(models.Model):
    """A word of some letters that is, or was, in a card of a learner: what another may have meant.

    Words that no card has any more are removed now and then.
    """

    pk = models.CompositePrimaryKey("owner_id", "word")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    word = models.TextField(db_collation="C")

    objects: ClassVar[models.Manager["KnownWord"]] = models.Manager()

    def __str__(self) -> str:
        return self.word
