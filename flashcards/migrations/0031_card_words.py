"""Where PostgreSQL is the card store's engine: the keys and words of cards, kept up by triggers."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Without the beginnings of words (^^^mad), half of all keys: PostgreSQL finds them by the words.
KEYS = """
ALTER TABLE flashcards_cardkeys ADD CONSTRAINT card_keys_of_card
  FOREIGN KEY (card_id) REFERENCES flashcards_flashcard (id) ON DELETE CASCADE
  DEFERRABLE INITIALLY DEFERRED;
CREATE FUNCTION flashcards_keys(search_keys text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_to_tsvector(ARRAY(
    SELECT key FROM string_to_table(search_keys, ' ') key WHERE left(key, 1) NOT IN ('', '^')
  ))
$$;
"""
NO_KEYS = "DROP FUNCTION flashcards_keys(text);"
# A misspelt word has 4 to 30 letters, and up to three may be missing; numbers are not misspelt. In
# one order, so that two writers wait for each other and never both.
LEARN = """
  INSERT INTO flashcards_knownword (owner_id, word)
    SELECT DISTINCT owner_id, word FROM {cards} added, string_to_table(search_keys, ' ') word
    WHERE length(word) BETWEEN 4 AND 33 AND word COLLATE "C" >= 'a'
    ORDER BY owner_id, word
    ON CONFLICT DO NOTHING;
"""
TRIGGERS = f"""
CREATE FUNCTION flashcards_cards_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO flashcards_cardkeys (card_id, owner_id, keys)
    SELECT id, owner_id, flashcards_keys(search_keys) FROM added WHERE deleted_at IS NULL;
  {LEARN.format(cards="added")}
  RETURN NULL;
END $$;
CREATE TRIGGER flashcards_came AFTER INSERT ON flashcards_flashcard
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION flashcards_cards_came();

CREATE FUNCTION flashcards_card_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.deleted_at IS NOT NULL THEN
    DELETE FROM flashcards_cardkeys WHERE card_id = NEW.id;
    RETURN NULL;
  END IF;
  INSERT INTO flashcards_cardkeys (card_id, owner_id, keys)
    VALUES (NEW.id, NEW.owner_id, flashcards_keys(NEW.search_keys))
    ON CONFLICT (card_id) DO UPDATE SET keys = excluded.keys;
  {LEARN.format(cards="(SELECT NEW.owner_id, NEW.search_keys)")}
  RETURN NULL;
END $$;
CREATE TRIGGER flashcards_changed AFTER UPDATE OF search_keys, deleted_at ON flashcards_flashcard
  FOR EACH ROW WHEN (
    OLD.search_keys IS DISTINCT FROM NEW.search_keys
    OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)
  ) EXECUTE FUNCTION flashcards_card_changed();

CREATE FUNCTION flashcards_cards_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM flashcards_knownword known
  USING (
    SELECT DISTINCT owner_id FROM removed
    WHERE NOT EXISTS (
      SELECT FROM flashcards_flashcard card WHERE card.owner_id = removed.owner_id
    )
  ) gone
  WHERE known.owner_id = gone.owner_id;
  RETURN NULL;
END $$;
CREATE TRIGGER flashcards_went AFTER DELETE ON flashcards_flashcard
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION flashcards_cards_went();
"""
NO_TRIGGERS = """
DROP TRIGGER flashcards_went ON flashcards_flashcard;
DROP TRIGGER flashcards_changed ON flashcards_flashcard;
DROP TRIGGER flashcards_came ON flashcards_flashcard;
DROP FUNCTION flashcards_cards_went();
DROP FUNCTION flashcards_card_changed();
DROP FUNCTION flashcards_cards_came();
"""
# LanceDB does without it, and PostgreSQL as the engine only takes longer for a misspelt word.
TRIGRAMS = """
DO $$ BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
  NULL;
END $$;
"""
# Vectors within their rows where they fit: comparing all of one owner's takes a third of the time.
VECTORS = "ALTER TABLE flashcards_cardvector ALTER COLUMN vector SET STORAGE MAIN;"


class Migration(migrations.Migration):
    dependencies = [
        ("flashcards", "0030_rows_go_with_their_owner"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CardKeys",
            fields=[
                (
                    "card",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="flashcards.cardrow",
                    ),
                ),
                ("owner_id", models.UUIDField(db_index=True)),
                ("keys", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["keys"], gin_pending_list_limit=1024, name="card_by_keys"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownWord",
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
                ("word", models.TextField(db_collation="C")),
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
        migrations.RunSQL(KEYS, NO_KEYS),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        migrations.RunSQL(TRIGRAMS, migrations.RunSQL.noop),
        migrations.RunSQL(VECTORS, migrations.RunSQL.noop),
    ]
