"""Settings of a deck become a preset, named after the deck, that this deck alone uses."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower

_EXTRA = ("extra_on", "extra_new", "extra_reviews")


def name_presets(apps, schema_editor):
    study_settings = apps.get_model("flashcards", "StudySettings")
    own = study_settings.objects.using(schema_editor.connection.alias).exclude(deck=None)
    for row in own.select_related("deck").iterator():
        deck = row.deck
        deck.preset_id = row.pk
        for name in _EXTRA:
            setattr(deck, name, getattr(row, name))
        deck.save(update_fields=["preset_id", *_EXTRA])
        row.name, row.extra_on, row.extra_new, row.extra_reviews = deck.name, None, 0, 0
        row.save(update_fields=["name", *_EXTRA])
    _rename_in_plans(apps, schema_editor)


def _rename_in_plans(apps, schema_editor):
    """Have plans that are active name presets where they named decks."""
    decks = apps.get_model("flashcards", "Deck").objects.using(schema_editor.connection.alias)
    plans = apps.get_model("flashcards", "BacklogPlan").objects.using(
        schema_editor.connection.alias
    )
    for plan in plans.filter(ended_at=None):
        of_decks = decks.filter(owner_id=plan.owner_id).exclude(preset=None)
        presets = {str(pk): str(preset) for pk, preset in of_decks.values_list("pk", "preset_id")}
        for name in ("before", "given"):
            kept = getattr(plan, name)
            setattr(plan, name, {presets.get(key, key): each for key, each in kept.items()})
        plan.save(update_fields=["before", "given"])


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("flashcards", "0021_plan_simulation"),
    ]

    operations = [
        migrations.AddField(
            "studysettings",
            "name",
            models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField("deck", "extra_on", models.DateField(blank=True, null=True)),
        migrations.AddField("deck", "extra_new", models.PositiveIntegerField(default=0)),
        migrations.AddField("deck", "extra_reviews", models.PositiveIntegerField(default=0)),
        migrations.AddField(
            "deck",
            "preset",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="decks",
                to="flashcards.studysettings",
            ),
        ),
        migrations.RunPython(name_presets, migrations.RunPython.noop),
        migrations.RemoveConstraint("studysettings", "study_settings_once"),
        migrations.RemoveField("studysettings", "deck"),
        migrations.AddConstraint(
            "studysettings",
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="study_settings_once",
                violation_error_message="You have a preset of this name.",
            ),
        ),
    ]
