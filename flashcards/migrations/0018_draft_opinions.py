"""A batch keeps what a model said of drafts that may repeat a card."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("flashcards", "0017_draft_order_and_labels")]

    operations = [
        migrations.AddField("draftbatch", "opinions", models.JSONField(blank=True, default=dict)),
    ]
