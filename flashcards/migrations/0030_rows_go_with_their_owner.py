"""PostgreSQL itself erases an owner's rows of the card store with their account.

And it is recorded where the cards of an installation are whose changes all wait in the journal yet.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The name of a foreign key's constraint has a part that Django makes up.
FOREIGN_KEYS = """
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT conname, conrelid::regclass AS name FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'accounts_user'::regclass AND conrelid IN (
            'flashcards_flashcard'::regclass, 'flashcards_reviewlog'::regclass,
            'flashcards_cardvector'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', each.name, each.conname);
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (owner_id)'
            ' REFERENCES accounts_user (id) ON DELETE {action} DEFERRABLE INITIALLY DEFERRED',
            each.name, each.conname);
    END LOOP;
END $$
"""
ENGINE = """
INSERT INTO flashcards_storeversions
    (id, engine, checkpoints, flashcards, review_logs, schema)
SELECT 1, 'lancedb', 0, 0, 0, 0 WHERE EXISTS (SELECT FROM flashcards_journalentry)
ON CONFLICT (id) DO NOTHING
"""


def _owner() -> "models.ForeignKey[object]":
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [("flashcards", "0029_record_review")]

    operations = [
        migrations.AlterField("cardrow", "owner", _owner()),
        migrations.AlterField("reviewrow", "owner", _owner()),
        migrations.AlterField("cardvector", "owner", _owner()),
        migrations.RunSQL(
            FOREIGN_KEYS.replace("{action}", "CASCADE"),
            FOREIGN_KEYS.replace("{action}", "NO ACTION"),
        ),
        migrations.RunSQL(ENGINE, migrations.RunSQL.noop),
    ]
