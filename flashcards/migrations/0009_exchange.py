import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("flashcards", "0008_stored_owners"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CardExport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("format", models.CharField(max_length=4)),
                ("search", models.TextField(blank=True)),
                ("options", models.JSONField(default=dict)),
                ("card_ids", models.BinaryField()),
                (
                    "status",
                    models.CharField(
                        choices=[("working", "Working"), ("done", "Done"), ("failed", "Failed")],
                        default="working",
                        max_length=7,
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=300)),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("size_bytes", models.PositiveBigIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="card_exports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="CardImport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("format", models.CharField(max_length=4)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("ready", "Waiting for the learner"),
                            ("working", "Importing"),
                            ("done", "Imported"),
                            ("failed", "Failed"),
                            ("undoing", "Undoing"),
                            ("undone", "Undone"),
                        ],
                        default="ready",
                        max_length=7,
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=300)),
                ("contents", models.JSONField(default=dict)),
                ("options", models.JSONField(default=dict)),
                ("report", models.JSONField(default=dict)),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("position", models.BigIntegerField(default=-4611686018427387904)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="card_imports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="ImportPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("card_ids", models.BinaryField()),
                ("changes", models.JSONField(default=list)),
                (
                    "card_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="flashcards.cardimport",
                    ),
                ),
            ],
            options={
                "ordering": ["card_import", "number"],
                "constraints": [
                    models.UniqueConstraint(fields=("card_import", "number"), name="import_part")
                ],
            },
        ),
        migrations.CreateModel(
            name="NoteOrigin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("note_id", models.UUIDField()),
                ("guid", models.TextField()),
                ("words_hash", models.CharField(max_length=64)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="note_origins",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "note_id"), name="note_origin_once")
                ],
            },
        ),
    ]
