"""Pins and archives, search by words and by meaning, and what an answer was told."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from pgvector.django import HnswIndex

# Rows that are there get their owner with the column; new ones by the trigger, so that no way to
# write a message can forget it.
OWNER = """
UPDATE chat_message m SET owner_id = c.owner_id
  FROM chat_conversation c WHERE c.id = m.conversation_id;
CREATE FUNCTION chat_message_set_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.owner_id := (SELECT c.owner_id FROM chat_conversation c WHERE c.id = NEW.conversation_id);
  RETURN NEW;
END $$;
CREATE TRIGGER chat_message_owner BEFORE INSERT OR UPDATE OF conversation_id ON chat_message
  FOR EACH ROW EXECUTE FUNCTION chat_message_set_owner();
"""
NO_OWNER = """
DROP TRIGGER chat_message_owner ON chat_message;
DROP FUNCTION chat_message_set_owner();
"""
# So much of a message: PostgreSQL refuses a tsvector over 1 MB. While an answer is being written it is not searched, and each of its many updates stays cheap.
# Without fastupdate no search has to read through entries that are not in the index yet.
WORDS = """
ALTER TABLE chat_message ADD COLUMN words tsvector GENERATED ALWAYS AS (
  CASE WHEN status = 'streaming' THEN NULL ELSE to_tsvector('english', left(content, 20000)) END
) STORED;
CREATE INDEX message_words ON chat_message USING gin (words) WITH (fastupdate = off);
"""
# Vectors within their rows: comparing all of one owner's takes a third of the time.
INLINE = "ALTER TABLE chat_message ALTER COLUMN embedding SET STORAGE PLAIN;"
NOT_INLINE = "ALTER TABLE chat_message ALTER COLUMN embedding SET STORAGE EXTERNAL;"
NO_WORDS = "ALTER TABLE chat_message DROP COLUMN words;"


class Migration(migrations.Migration):
    dependencies = [("chat", "0003_branches")]

    operations = [
        migrations.AddField(
            "conversation", "pinned_at", models.DateTimeField(null=True, blank=True)
        ),
        migrations.AddField(
            "conversation", "archived_at", models.DateTimeField(null=True, blank=True)
        ),
        migrations.AddField(
            "conversation",
            "title_by",
            models.CharField(
                max_length=7,
                choices=[
                    ("first", "The first message"),
                    ("model", "A model"),
                    ("learner", "The learner"),
                ],
                default="first",
                editable=False,
            ),
        ),
        migrations.AddField("message", "owner_id", models.UUIDField(null=True, editable=False)),
        migrations.RunSQL(OWNER, NO_OWNER),
        migrations.RemoveIndex("message", "message_words"),
        migrations.RunSQL(INLINE, NOT_INLINE),
        migrations.RunSQL(WORDS, NO_WORDS),
        migrations.AddIndex(
            "message", models.Index(fields=["owner_id", "-created_at"], name="message_owner_recent")
        ),
        migrations.AddIndex(
            "message",
            HnswIndex(
                fields=["embedding"], name="message_meaning", opclasses=["vector_cosine_ops"]
            ),
        ),
        migrations.CreateModel(
            name="Instructions",
            fields=[
                (
                    "digest",
                    models.CharField(
                        max_length=64, primary_key=True, serialize=False, editable=False
                    ),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Seed",
            fields=[
                (
                    "conversation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="seed",
                        serialize=False,
                        to="chat.conversation",
                    ),
                ),
                ("title", models.CharField(max_length=160)),
                ("text", models.TextField()),
                ("links", models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name="AnswerContext",
            fields=[
                (
                    "answer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="context",
                        serialize=False,
                        to="chat.message",
                    ),
                ),
                ("quoted", models.TextField(blank=True)),
                ("found", models.JSONField(default=list)),
                ("window", models.JSONField(default=list)),
                ("left_out", models.PositiveIntegerField(default=0)),
                ("tokens", models.PositiveIntegerField(default=0)),
                ("window_tokens", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "instructions",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="chat.instructions",
                    ),
                ),
            ],
        ),
    ]
