"""PostgreSQL itself erases the words of an owner's cards with their account."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The name of a foreign key's constraint has a part that Django makes up.
FOREIGN_KEY = """
DO $$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT conname FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'accounts_user'::regclass
            AND conrelid = 'flashcards_knownword'::regclass
    LOOP
        EXECUTE format('ALTER TABLE flashcards_knownword DROP CONSTRAINT %I', each.conname);
        EXECUTE format('ALTER TABLE flashcards_knownword ADD CONSTRAINT %I FOREIGN KEY (owner_id)'
            ' REFERENCES accounts_user (id) ON DELETE {action} DEFERRABLE INITIALLY DEFERRED',
            each.conname);
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("flashcards", "0031_card_words")]

    operations = [
        migrations.AlterField(
            "knownword",
            "owner",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(
            FOREIGN_KEY.replace("{action}", "CASCADE"),
            FOREIGN_KEY.replace("{action}", "NO ACTION"),
        ),
    ]
