"""Study settings: a row for all cards of a learner, and a row for each of their presets."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

PRESET_NAME_MAX_CHARACTERS = 200


class StudySettings(models.Model):
    """Settings that differ: null means the learner's common setting, and there the default.

    A row with a name is a preset: decks name it (`Deck.preset`), and it holds for their cards.
    """

    class Order(models.TextChoices):
        RETRIEVABILITY = "retrievability", "Closest to being forgotten first"
        OVERDUENESS = "overdueness", "Longest overdue for its interval first"
        DUE = "due", "By the day it was due"
        DECK = "deck", "Deck by deck"
        RANDOM = "random", "In no order"

    class NewCards(models.TextChoices):
        MIXED = "mixed", "Between the reviews"
        BEFORE = "before", "Before the reviews"
        AFTER = "after", "After the reviews"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="study_settings"
    )
    # Blank: the common settings, for cards that are in no deck with a preset.
    name = models.CharField(max_length=PRESET_NAME_MAX_CHARACTERS, blank=True, default="")
    learning_steps_seconds = ArrayField(models.PositiveIntegerField(), null=True, blank=True)
    relearning_steps_seconds = ArrayField(models.PositiveIntegerField(), null=True, blank=True)
    desired_retention = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.70), MaxValueValidator(0.99)]
    )
    maximum_interval_days = models.PositiveIntegerField(null=True, blank=True)
    fuzz = models.BooleanField(null=True, blank=True)
    # Monday first: the share of a normal day's reviews, in percent.
    easy_days = ArrayField(models.PositiveSmallIntegerField(), size=7, null=True, blank=True)
    new_per_day = models.PositiveIntegerField(null=True, blank=True)
    reviews_per_day = models.PositiveIntegerField(null=True, blank=True)
    # FSRS parameters that were fitted to the learner's reviews of these cards.
    parameters = ArrayField(models.FloatField(), null=True, blank=True)
    # The following are in the common settings only. On this one of the learner's days so many more:
    # those of a deck are the deck's.
    extra_on = models.DateField(null=True, blank=True)
    extra_new = models.PositiveIntegerField(default=0)
    extra_reviews = models.PositiveIntegerField(default=0)
    rollover_hour = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(23)]
    )
    learn_ahead_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    order = models.CharField(max_length=14, choices=Order, null=True, blank=True)  # noqa: DJ001 - null is "not set", as for the numbers
    new_cards = models.CharField(max_length=6, choices=NewCards, null=True, blank=True)  # noqa: DJ001 - as above
    bury_siblings = models.BooleanField(null=True, blank=True)
    keep_apart = models.BooleanField(null=True, blank=True)
    # Whether answers are typed before they are shown.
    type_answers = models.BooleanField(null=True, blank=True)
    # Whether the sounds of a side are played when it is shown.
    play_sounds = models.BooleanField(null=True, blank=True)
    # Null: MemoryLoop's own, as for all settings.
    memory_model = models.CharField(max_length=32, null=True, blank=True)  # noqa: DJ001 - as above
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["StudySettings"]] = models.Manager()

    class Meta:
        verbose_name_plural = "study settings"
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="study_settings_once",
                violation_error_message="You have a preset of this name.",
            ),
            models.CheckConstraint(
                condition=Q(desired_retention__isnull=True)
                | Q(desired_retention__gte=0.70, desired_retention__lte=0.99),
                name="study_retention",
            ),
            models.CheckConstraint(
                condition=Q(rollover_hour__isnull=True) | Q(rollover_hour__lte=23),
                name="study_rollover",
            ),
        ]

    def __str__(self) -> str:
        return f"study settings of {self.owner_id}" + (f", {self.name}" if self.name else "")

    @property
    def is_preset(self) -> bool:
        """Tell whether decks may name these settings; they are not those for all cards."""
        return bool(self.name)
