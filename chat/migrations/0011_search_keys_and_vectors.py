"""Messages are found by the search keys of memoryloop.search_words, and by vectors of any model.

`words` was a generated column, in the language that PostgreSQL took a message to be in. Now it holds
the keys that cards are found by, too, and recall.indexing writes it. Vectors move into a table of
their own, where a message has one by each model while models change. Those of the earlier model
serve on until the present one's are there.
"""

from importlib import import_module

import django.db.models.deletion
import django.utils.timezone
import pgvector.django.vector
from django.conf import settings
from django.db import migrations, models

NO_GENERATED_WORDS = """
ALTER TABLE chat_message DROP COLUMN words;
DROP FUNCTION chat_words(text);
DROP FUNCTION chat_pairs(text);
DROP FUNCTION chat_language(text);
"""
_languages, _folding = (
    import_module(f"chat.migrations.{name}") for name in ("0005_languages", "0007_folding")
)
GENERATED_WORDS = (
    _languages.CONFIGURATIONS
    + _languages.LANGUAGE
    + _folding.PAIRS
    + """
ALTER TABLE chat_message ADD COLUMN words tsvector GENERATED ALWAYS AS (
  CASE WHEN status = 'streaming' THEN NULL ELSE chat_words(content) END
) STORED;
CREATE INDEX message_words ON chat_message USING gin (words) WITH (fastupdate = off);
"""
)
WORDS = """
ALTER TABLE chat_message ADD COLUMN words tsvector;
CREATE INDEX message_words ON chat_message USING gin (words) WITH (fastupdate = off);
CREATE INDEX message_to_index ON chat_message (owner_id, created_at)
  WHERE words IS NULL AND status <> 'streaming';
"""
NO_WORDS = """
ALTER TABLE chat_message DROP COLUMN words;
"""
# Whatever changes a message, its keys and vectors are made anew, and the counts of words stay true.
STALE = """
CREATE OR REPLACE FUNCTION chat_message_is_stale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.content IS DISTINCT FROM OLD.content AND OLD.words IS NOT NULL THEN
    UPDATE chat_searchword SET messages = greatest(messages - 1, 0)
      WHERE owner_id = NEW.owner_id AND word = ANY(array_append(tsvector_to_array(OLD.words), ''));
    DELETE FROM chat_messagevector WHERE message_id = NEW.id;
    NEW.words := NULL;
    NEW.embedding_model := '';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER chat_message_stale BEFORE UPDATE OF content ON chat_message
  FOR EACH ROW EXECUTE FUNCTION chat_message_is_stale();
CREATE OR REPLACE FUNCTION chat_messages_are_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE chat_searchword known SET messages = greatest(known.messages - gone.messages, 0)
  FROM (
    SELECT owner_id, word, count(*) AS messages
    FROM removed, LATERAL unnest(array_append(tsvector_to_array(words), '')) word
    WHERE words IS NOT NULL GROUP BY owner_id, word
  ) gone
  WHERE known.owner_id = gone.owner_id AND known.word = gone.word;
  RETURN NULL;
END $$;
CREATE TRIGGER chat_message_gone AFTER DELETE ON chat_message
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION chat_messages_are_gone();
"""
NOT_STALE = """
DROP TRIGGER chat_message_gone ON chat_message;
DROP FUNCTION chat_messages_are_gone();
DROP TRIGGER chat_message_stale ON chat_message;
DROP FUNCTION chat_message_is_stale();
"""
# Vectors within their rows where they fit: comparing all of one owner's takes a third of the time.
VECTORS = """
ALTER TABLE chat_messagevector ALTER COLUMN vector SET STORAGE MAIN;
INSERT INTO chat_messagevector (message_id, conversation_id, owner_id, model, vector)
  SELECT id, conversation_id, owner_id, embedding_model, embedding FROM chat_message
  WHERE embedding IS NOT NULL AND provider <> 'Offline' AND owner_id IS NOT NULL;
INSERT INTO chat_servingmodel (id, name, since, is_alone)
  SELECT 1, model, now(), true FROM chat_messagevector GROUP BY model ORDER BY count(*) DESC LIMIT 1;
"""
# A word with one letter left out, for each of its letters, and the word: two words that differ in
# one letter, or in two that are swapped, have one of these in common. Of a long word, which may
# have two errors, also its first and last letters. With the beginning of the
# owner's id, so that the index is asked for one owner's words.
NEAR_WORDS = """
CREATE OR REPLACE FUNCTION chat_near_words(owner uuid, word text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT array_agg(DISTINCT left(owner::text, 8) || left(word, at - 1) || substr(word, at + 1))
    || (left(owner::text, 8) || word)
    || CASE WHEN length(word) < 8 THEN ARRAY[]::text[] ELSE ARRAY[
         left(owner::text, 8) || '^' || left(word, 4), left(owner::text, 8) || '$' || right(word, 4)
       ] END
  FROM generate_series(1, length(word)) at
$$;
CREATE INDEX searchword_near ON chat_searchword USING gin (chat_near_words(owner_id, word))
  WHERE is_whole;
ALTER TABLE chat_searchword SET (fillfactor = 70);
"""
NO_NEAR_WORDS = """
DROP INDEX searchword_near;
DROP FUNCTION chat_near_words(uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0010_summaries_and_late_recall"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MessageVector",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("conversation_id", models.UUIDField()),
                ("owner_id", models.UUIDField()),
                ("model", models.CharField(max_length=200)),
                ("vector", pgvector.django.vector.VectorField()),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="vectors",
                        to="chat.message",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["model", "owner_id"], name="message_vector_model")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("message", "model"), name="message_vector_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ServingModel",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("is_alone", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "owner_id",
                        "word",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("word", models.CharField(db_collation="C", max_length=64)),
                ("messages", models.PositiveIntegerField(default=0)),
                ("is_whole", models.BooleanField(default=False)),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(VECTORS, migrations.RunSQL.noop),
        migrations.RemoveIndex("message", "message_meaning"),
        migrations.RemoveIndex("message", "message_to_embed"),
        migrations.RemoveField("message", "embedding"),
        migrations.AlterField(
            "message",
            "embedding_model",
            models.CharField(blank=True, editable=False, max_length=200),
        ),
        migrations.AddIndex(
            "message",
            models.Index(fields=["embedding_model", "created_at"], name="message_to_embed"),
        ),
        migrations.RunSQL(NO_GENERATED_WORDS, GENERATED_WORDS),
        migrations.RunSQL(_languages.NO_CONFIGURATIONS, migrations.RunSQL.noop),
        migrations.RunSQL(WORDS, NO_WORDS),
        migrations.RunSQL(STALE, NOT_STALE),
        migrations.RunSQL(NEAR_WORDS, NO_NEAR_WORDS),
    ]
