import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("flashcards", "0004_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StudySettings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "learning_steps_seconds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), blank=True, null=True, size=None
                    ),
                ),
                (
                    "relearning_steps_seconds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), blank=True, null=True, size=None
                    ),
                ),
                (
                    "desired_retention",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0.7),
                            django.core.validators.MaxValueValidator(0.99),
                        ],
                    ),
                ),
                ("maximum_interval_days", models.PositiveIntegerField(blank=True, null=True)),
                ("fuzz", models.BooleanField(blank=True, null=True)),
                (
                    "easy_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), blank=True, null=True, size=7
                    ),
                ),
                ("new_per_day", models.PositiveIntegerField(blank=True, null=True)),
                ("reviews_per_day", models.PositiveIntegerField(blank=True, null=True)),
                ("extra_on", models.DateField(blank=True, null=True)),
                ("extra_new", models.PositiveIntegerField(default=0)),
                ("extra_reviews", models.PositiveIntegerField(default=0)),
                (
                    "rollover_hour",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(23)],
                    ),
                ),
                ("learn_ahead_minutes", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "order",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("retrievability", "Closest to being forgotten first"),
                            ("overdueness", "Longest overdue for its interval first"),
                            ("due", "By the day it was due"),
                            ("deck", "Deck by deck"),
                            ("random", "In no order"),
                        ],
                        max_length=14,
                        null=True,
                    ),
                ),
                (
                    "new_cards",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("mixed", "Between the reviews"),
                            ("before", "Before the reviews"),
                            ("after", "After the reviews"),
                        ],
                        max_length=6,
                        null=True,
                    ),
                ),
                ("bury_siblings", models.BooleanField(blank=True, null=True)),
                ("keep_apart", models.BooleanField(blank=True, null=True)),
                (
                    "parameters",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), blank=True, null=True, size=21
                    ),
                ),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "deck",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="flashcards.deck",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="study_settings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "study settings",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "deck"), name="study_settings_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("desired_retention__isnull", True),
                            models.Q(
                                ("desired_retention__gte", 0.7), ("desired_retention__lte", 0.99)
                            ),
                            _connector="OR",
                        ),
                        name="study_retention",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rollover_hour__isnull", True),
                            ("rollover_hour__lte", 23),
                            _connector="OR",
                        ),
                        name="study_rollover",
                    ),
                ],
            },
        ),
    ]
