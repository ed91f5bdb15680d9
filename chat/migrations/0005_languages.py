"""Search words in the language that a message is written in, and without their accents."""

from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations, models

LANGUAGES = {
    "english": "the|of|and|to|in|is|that|it|for|what|are|with|this|how|you|was|does",
    "german": "der|die|das|und|ist|nicht|ein|eine|zu|den|mit|von|für|auf|wie|was|warum|sich|ich",
    "french": "le|la|les|des|et|est|une|un|que|qui|dans|pour|pas|du|sur|avec|ce|quoi|pourquoi|je",
    "spanish": "el|los|las|que|es|una|un|por|para|con|del|se|qué|cómo|no|en|lo|como|y",
    "italian": "il|gli|che|di|è|una|un|per|non|con|della|del|come|cosa|perché|sono|le|si",
    "portuguese": "o|os|as|que|é|uma|um|não|para|com|do|da|dos|por|como|são|em|se",
    "dutch": "de|het|een|en|is|van|dat|niet|met|voor|op|zijn|wat|hoe|waarom|te|ik|je",
    "russian": "и|в|не|на|что|это|как|по|с|для|он|она|они|из|почему|а|я|к",
}
# An accent is taken off before a word is stemmed, on both sides: "Zahn" finds "Zähne".
CONFIGURATIONS = "".join(
    f"""
CREATE TEXT SEARCH CONFIGURATION chat_{language} (COPY = pg_catalog.{language});
ALTER TEXT SEARCH CONFIGURATION chat_{language}
  ALTER MAPPING FOR hword, hword_part, word WITH unaccent, {language}_stem;
"""
    for language in LANGUAGES
)
NO_CONFIGURATIONS = "".join(
    f"DROP TEXT SEARCH CONFIGURATION chat_{language};\n" for language in LANGUAGES
)
# Little words tell a language. Where they tell nothing it is English, as it is where two have as
# many. The path is fixed, so that a dump can be restored under any other.
_COUNTED = ",\n    ".join(
    f"('chat_{language}'::regconfig, {place}, regexp_count(said, '\\m({words})\\M'))"
    for place, (language, words) in enumerate(LANGUAGES.items())
)
LANGUAGE = f"""
CREATE FUNCTION chat_language(body text) RETURNS regconfig
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
  SELECT config FROM (SELECT lower(left(body, 1000)) AS said) head, LATERAL (VALUES
    {_COUNTED}
  ) counted (config, place, hits) ORDER BY hits DESC, place LIMIT 1
$$;
"""
NO_LANGUAGE = "DROP FUNCTION chat_language(text);"
_COLUMN = """
ALTER TABLE chat_message DROP COLUMN words;
ALTER TABLE chat_message ADD COLUMN words tsvector GENERATED ALWAYS AS (
  CASE WHEN status = 'streaming' THEN NULL ELSE to_tsvector({config}, left(content, 20000)) END
) STORED;
CREATE INDEX message_words ON chat_message USING gin (words) WITH (fastupdate = off);
"""
WORDS = _COLUMN.format(config="chat_language(content)")
ENGLISH_WORDS = _COLUMN.format(config="'english'")


class Migration(migrations.Migration):
    dependencies = [("chat", "0004_finding")]

    operations = [
        UnaccentExtension(),
        migrations.RunSQL(CONFIGURATIONS, NO_CONFIGURATIONS),
        migrations.RunSQL(LANGUAGE, NO_LANGUAGE),
        migrations.RunSQL(WORDS, ENGLISH_WORDS),
        # While an answer is being written its row is touched often. With no indexed column among
        # what changes then, PostgreSQL writes the row alone and none of the indexes.
        migrations.RemoveIndex("message", "message_to_embed"),
        migrations.AddIndex(
            "message",
            models.Index(
                fields=["created_at"],
                name="message_to_embed",
                condition=models.Q(embedding=None),
            ),
        ),
    ]
