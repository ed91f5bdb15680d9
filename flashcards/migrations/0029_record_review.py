"""The card store in PostgreSQL: lock an owner, and record a review, by a function each.

A session plans them once, not with every rating.
"""

from django.db import migrations

# The lock comes first, in a statement of its own: the next one sees what whoever held it has
# committed. Null: the account is gone. Empty: nothing was stored yet.
LOCK = """
CREATE FUNCTION flashcards_lock_owner(owner uuid) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM 1 FROM accounts_user u WHERE u.id = owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN coalesce((SELECT v.engine FROM flashcards_storeversions v WHERE v.id = 1), '');
END
$$
"""
# Settings are told apart as flashcards/study_settings/settings.py does, by the versions of their
# rows. The plans are kept, so they must be good for tables that were empty when they were made and
# are not any more: no table is read through. The card's words, and with them its keys, stay.
RECORD = """
CREATE FUNCTION flashcards_record(
    owner uuid, card jsonb, review jsonb,
    known_change bigint, known_epoch bigint, known_settings text,
    quarters int[], codes int[], counts int[], durations bigint[]
) RETURNS bigint LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
DECLARE
    number bigint;
    image flashcards_flashcard := jsonb_populate_record(NULL::flashcards_flashcard, card);
    log flashcards_reviewlog := jsonb_populate_record(NULL::flashcards_reviewlog, review);
BEGIN
    PERFORM 1 FROM accounts_user u WHERE u.id = owner FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM accounts_user u, flashcards_storeversions v, flashcards_storedowner o
        WHERE u.id = owner AND v.id = 1 AND o.owner_id = owner
            AND v.engine = 'postgresql' AND v.rebuilt <= known_epoch AND o.batch <= known_epoch
            AND o.entry_id = known_change
            AND known_settings = concat_ws(',', u.time_zone, (
                SELECT string_agg(s.id || ':' || s.xmin, ',' ORDER BY s.id)
                FROM flashcards_studysettings s WHERE s.owner_id = owner))
    ) OR EXISTS (SELECT FROM flashcards_reviewlog WHERE id = log.id) THEN
        RETURN NULL;
    END IF;
    number := nextval('flashcards_journalentry_id_seq');
    UPDATE flashcards_flashcard SET (
        note_id, kind, ordinal, question, answer, extra, deck_ids, tags, flag,
        suspended, buried_until, message_id, document_id, source_start, source_end,
        source_hash, embedding_model, state, step, stability, difficulty, memory,
        memory_model, due, last_review, reps, lapses, sequence, created_at,
        edited_at, deleted_at,
        revision
    ) = ROW (
        image.note_id, image.kind, image.ordinal, image.question, image.answer,
        image.extra, image.deck_ids, image.tags, image.flag, image.suspended,
        image.buried_until, image.message_id, image.document_id, image.source_start,
        image.source_end, image.source_hash, image.embedding_model, image.state,
        image.step, image.stability, image.difficulty, image.memory,
        image.memory_model, image.due, image.last_review, image.reps, image.lapses,
        image.sequence, image.created_at, image.edited_at, image.deleted_at,
        number
    ) WHERE id = image.id AND owner_id = owner;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    log.revision := number;
    INSERT INTO flashcards_reviewlog VALUES (log.*);
    INSERT INTO flashcards_reviewtotals AS totals (owner_id, quarter, code, reviews, duration_ms)
        SELECT owner, added.* FROM unnest(quarters, codes, counts, durations) AS added
        ON CONFLICT (owner_id, quarter, code) DO UPDATE SET
            reviews = totals.reviews + excluded.reviews,
            duration_ms = totals.duration_ms + excluded.duration_ms;
    UPDATE flashcards_storedowner SET entry_id = number WHERE owner_id = owner;
    RETURN number;
END
$$
"""
NO_RECORD = """
DROP FUNCTION flashcards_record(
    uuid, jsonb, jsonb, bigint, bigint, text, int[], int[], int[], bigint[])
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flashcards", "0028_card_tables"),
        # What they read.
        ("accounts", "__first__"),
    ]

    operations = [
        migrations.RunSQL(LOCK, "DROP FUNCTION flashcards_lock_owner(uuid)"),
        migrations.RunSQL(RECORD, NO_RECORD),
    ]
