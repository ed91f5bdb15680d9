"""Drafts that tell two cards apart: what they rest on, and who writes a better version."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("flashcards", "0006_backlog_plan")]
    operations = [
        migrations.AddField("draft", "grounds", models.TextField(blank=True, default=""),
                            preserve_default=False),
        migrations.AddField("draft", "rewriting_since",
                            models.DateTimeField(blank=True, null=True)),
        migrations.AddField("draft", "writer",
                            models.CharField(blank=True, default="", max_length=40),
                            preserve_default=False),
    ]
