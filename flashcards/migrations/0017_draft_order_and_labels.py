"""Drafts know when they came and what a model said of them; batches the labels it proposed."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def came_in_order(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("flashcards", "Draft").objects.update(arrival=F("position"))


class Migration(migrations.Migration):
    dependencies = [("flashcards", "0016_import_layout")]

    operations = [
        migrations.AddField("draftbatch", "deck", models.CharField(blank=True, max_length=200)),
        migrations.AddField("draftbatch", "tags", models.JSONField(blank=True, default=list)),
        migrations.AddField("draft", "arrival", models.PositiveIntegerField(default=0)),
        migrations.AddField("draft", "check_result", models.CharField(blank=True, max_length=12)),
        migrations.RunPython(came_in_order, migrations.RunPython.noop),
    ]
