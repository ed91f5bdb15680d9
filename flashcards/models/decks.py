"""Decks. A card may be in many: membership is on the card (`deck_ids`)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from memoryloop.folding import fold

DECK_NAME_MAX_CHARACTERS = 200
# What separates a deck's name from its parent's: Biology::Cells.
DECK_SEPARATOR = "::"


class DeckQuerySet(models.QuerySet["Deck"]):
    def named(self, name: str) -> "Deck | None":
        """Return the deck of a name that folds to the same; of two that of the same spelling."""
        key = fold(name)
        found = [deck for deck in self if fold(deck.name) == key]
        return min(found, key=lambda deck: deck.name != name, default=None)


class Deck(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="decks"
    )
    # The whole path: Biology::Cells is inside Biology.
    name = models.CharField(max_length=DECK_NAME_MAX_CHARACTERS)
    # The search of a smart deck; blank for a deck that cards are put into.
    search = models.TextField(blank=True)
    # The settings of its cards, and of the decks inside it that name none of their own. Null: those
    # of the deck that it is inside of, or the learner's common ones. A smart deck has none.
    preset = models.ForeignKey(
        "flashcards.StudySettings",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="decks",
    )
    # On this one of the learner's days so many cards more than its limits allow.
    extra_on = models.DateField(null=True, blank=True)
    extra_new = models.PositiveIntegerField(default=0)
    extra_reviews = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = DeckQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="deck_name",
                violation_error_message="You have a deck of this name.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_smart(self) -> bool:
        """Tell whether its cards are the results of a search."""
        return bool(self.search)
