"""The vectors of messages are of any width; the index is of those that the built-in model makes."""

import pgvector.django
from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models
from django.db.models.functions import Cast


class Migration(migrations.Migration):
    dependencies = [("chat", "0008_what_a_small_window_left_out")]

    operations = [
        migrations.RemoveIndex("message", "message_meaning"),
        migrations.AlterField(
            "message",
            "embedding",
            pgvector.django.VectorField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            "message",
            pgvector.django.HnswIndex(
                OpClass(
                    Cast("embedding", pgvector.django.VectorField(dimensions=896)),
                    "vector_cosine_ops",
                ),
                condition=models.Q(embedding_model="minilm-l6+use-multilingual-3"),
                name="message_meaning",
            ),
        ),
    ]
