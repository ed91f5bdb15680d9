"""Write a journal entry by a function: a session plans it once, not with every rating."""

from django.db import migrations

# The lock comes first, in a statement of its own: the one that writes then sees what whoever held
# it has committed. Settings are told apart as flashcards/reviewing/study.py does, by the versions
# of their rows. The plan is kept, so it must be good for a journal that was empty when it was made
# and is not any more: no table is read through.
APPEND = """
CREATE FUNCTION flashcards_append(
    owner uuid, entry_kind text, entry_card uuid, image jsonb, review jsonb, embedding bytea,
    known_entry bigint, known_epoch bigint, known_settings text,
    OUT written bigint, OUT moved bigint
) LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
BEGIN
    PERFORM 1 FROM accounts_user u WHERE u.id = owner FOR NO KEY UPDATE;
    INSERT INTO flashcards_journalentry (owner_id, kind, card_id, card, log, vector, created_at)
    SELECT u.id, entry_kind, entry_card, image, review, embedding, now()
    FROM accounts_user u
    WHERE u.id = owner
        AND NOT EXISTS (SELECT FROM flashcards_journalentry j
            WHERE j.owner_id = owner AND j.id > known_entry AND j.kind <> 'batch')
        AND NOT EXISTS (SELECT FROM flashcards_storedowner o
            WHERE o.owner_id = owner AND (o.entry_id > known_entry OR o.batch > known_epoch))
        AND NOT EXISTS (SELECT FROM flashcards_storeversions v WHERE v.rebuilt > known_epoch)
        AND known_settings = concat_ws(',', u.time_zone, (
            SELECT string_agg(s.id || ':' || s.xmin, ',' ORDER BY s.id)
            FROM flashcards_studysettings s WHERE s.owner_id = owner))
    RETURNING id, (SELECT o.entry_id FROM flashcards_storedowner o WHERE o.owner_id = owner)
        INTO written, moved;
END
$$
"""
NO_APPEND = """
DROP FUNCTION flashcards_append(
    uuid, text, uuid, jsonb, jsonb, bytea, bigint, bigint, text)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flashcards", "0010_sessions"),
        # What it reads.
        ("accounts", "__first__"),
    ]

    operations = [migrations.RunSQL(APPEND, NO_APPEND)]
