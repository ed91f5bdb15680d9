"""Which models' vectors the store has is recorded: so far there was one, all-MiniLM-L6-v2."""

from django.db import migrations, models

OF_ONE_MODEL = """
UPDATE flashcards_storeversions SET vectors = '{
  "serving": {
    "key": "all-MiniLM-L6-v2-onnx-int8", "model": "all-MiniLM-L6-v2-onnx-int8", "dimensions": 384,
    "column": "embedding", "unrelated": 0.7
  }, "coming": null, "given_up": [], "retired": [], "made": 0
}' WHERE flashcards > 0
"""


class Migration(migrations.Migration):
    dependencies = [("flashcards", "0019_backup_status")]

    operations = [
        migrations.AddField(
            "storeversions", "vectors", models.JSONField(db_default={}, default=dict)
        ),
        migrations.RunSQL(OF_ONE_MODEL, migrations.RunSQL.noop),
    ]
