"""Review totals by quarter of an hour and by what an answer says, so that statistics need no log.

What there is of each hour stands in its first quarter until the next checkpoint counts the log.
"""

from django.db import migrations, models

# The kind follows from the state; the code is that of flashcards/domain/answer_codes.py.
FROM_HOURS = """
UPDATE flashcards_reviewtotals SET
    quarter = floor(extract(epoch FROM hour) / 900),
    code = CASE state WHEN 2 THEN 1 WHEN 3 THEN 2 ELSE 0 END
        | ((rating - 1) << 2) | (state << 4) | (spaced::int << 6)
"""
TO_BE_COUNTED = "UPDATE flashcards_storeversions SET totals_are_fine = false WHERE review_logs > 0"


class Migration(migrations.Migration):
    dependencies = [("flashcards", "0022_presets")]

    operations = [
        migrations.AddField(
            "storeversions",
            "totals_are_fine",
            models.BooleanField(db_default=True, default=True),
        ),
        migrations.RunSQL(TO_BE_COUNTED, migrations.RunSQL.noop),
        migrations.AddField("reviewtotals", "quarter", models.IntegerField(default=0)),
        migrations.AddField("reviewtotals", "code", models.PositiveSmallIntegerField(default=0)),
        migrations.RunSQL(FROM_HOURS, migrations.RunSQL.noop),
        migrations.RemoveConstraint("reviewtotals", "review_totals_once"),
        migrations.RemoveField("reviewtotals", "hour"),
        migrations.RemoveField("reviewtotals", "rating"),
        migrations.RemoveField("reviewtotals", "state"),
        migrations.RemoveField("reviewtotals", "spaced"),
        migrations.AlterField("reviewtotals", "quarter", models.IntegerField()),
        migrations.AlterField("reviewtotals", "code", models.PositiveSmallIntegerField()),
        migrations.AddConstraint(
            "reviewtotals",
            models.UniqueConstraint(
                fields=("owner_id", "quarter", "code"), name="review_totals_by_quarter"
            ),
        ),
    ]
