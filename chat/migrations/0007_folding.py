"""Messages and titles are searched folded, and within scripts that have no spaces between words.

Köln in one or in two code points for its ö, ΟΔΌΣ and οδός, İzmir and izmir are the same. Of Chinese,
Japanese, Thai and the like (memoryloop/words.py) each pair of letters is indexed.
"""

from django.db import migrations

# As memoryloop.folding.fold; `lower` keeps apart what the rest joins.
FOLDED = r"""
CREATE FUNCTION chat_folded(body text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT replace(replace(replace(lower(normalize(body, NFKC)), 'ς', 'σ'), 'ß', 'ss'), E'i\u0307', 'i')
$$;
"""
LETTERS = (
    r"\u3005-\u3007\u3021-\u3029\u3040-\u3096\u3099-\u309F\u30A1-\u30FA\u30FC-\u30FF"
    r"\u3105-\u312F\u31A0-\u31BF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF"
    r"\uFF66-\uFF9F\U00020000-\U0003FFFF\u0E01-\u0E3A\u0E40-\u0E4E\u0E81-\u0ECE"
    r"\u0EDC-\u0EDF\u1000-\u103F\u1050-\u108F\u1780-\u17D3\uA9E0-\uA9EF\uA9FA-\uA9FE"
    r"\uAA60-\uAA7F\u1100-\u11FF\u3131-\u318E\uAC00-\uD7AF"
)
# All pairs that begin at an odd letter of a run, then those that begin at an even one. The last
# letter of a run stands alone in one of the two.
PAIRS = rf"""
CREATE FUNCTION chat_pairs(folded text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT CASE WHEN folded !~ '[{LETTERS}]' THEN '' ELSE (
    SELECT array_to_tsvector(array_remove(regexp_split_to_array(
      regexp_replace(runs, '(\S\S)', '\1 ', 'g') || ' ' ||
      regexp_replace(regexp_replace(runs, '(^| )(\S)', '\1\2 ', 'g'), '(\S\S)', '\1 ', 'g'),
      ' +'), ''))
    FROM regexp_replace(folded, '[^{LETTERS}]+', ' ', 'g') runs
  ) END
$$;
CREATE FUNCTION chat_words(body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT SET search_path FROM CURRENT AS $$
  SELECT to_tsvector(chat_language(body), regexp_replace(folded, '[{LETTERS}]+', ' ', 'g'))
    || chat_pairs(folded)
  FROM chat_folded(left(body, 20000)) folded
$$;
"""
NO_PAIRS = "DROP FUNCTION chat_words(text); DROP FUNCTION chat_pairs(text);"
_COLUMN = """
ALTER TABLE chat_message DROP COLUMN words;
ALTER TABLE chat_message ADD COLUMN words tsvector GENERATED ALWAYS AS (
  CASE WHEN status = 'streaming' THEN NULL ELSE {words} END
) STORED;
CREATE INDEX message_words ON chat_message USING gin (words) WITH (fastupdate = off);
"""
WORDS = _COLUMN.format(words="chat_words(content)")
UNFOLDED_WORDS = _COLUMN.format(words="to_tsvector(chat_language(content), left(content, 20000))")


class Migration(migrations.Migration):
    dependencies = [("chat", "0006_missing_model")]

    operations = [
        migrations.RunSQL(FOLDED, "DROP FUNCTION chat_folded(text);"),
        migrations.RunSQL(PAIRS, NO_PAIRS),
        migrations.RunSQL(WORDS, UNFOLDED_WORDS),
    ]
