"""Leftovers: what PostgreSQL has of another version, in the way of a migration.

A backup of an earlier version, put back over data of a later one, leaves what only the later one
has: the dump does not name it, and an earlier MemoryLoop does not know it.
"""

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader

# Statements that drop what is in this schema and has a name that begins so, and no extension made.
_NAMED_ALIKE = """
WITH mine AS (
  SELECT 1 AS place, 'TABLE' AS kind, oid::regclass::text AS name, oid, relname AS bare
  FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
  UNION ALL
  SELECT 2, 'FUNCTION', oid::regprocedure::text, oid, proname
  FROM pg_proc WHERE prokind = 'f' AND pronamespace = current_schema()::regnamespace
  UNION ALL
  SELECT 3, 'TEXT SEARCH CONFIGURATION', oid::regconfig::text, oid, cfgname
  FROM pg_ts_config WHERE cfgnamespace = current_schema()::regnamespace
  UNION ALL
  SELECT 4, 'TYPE', oid::regtype::text, oid, typname
  FROM pg_type WHERE typtype = 'e' AND typnamespace = current_schema()::regnamespace
)
SELECT format('DROP %%s IF EXISTS %%s CASCADE;', kind, name) FROM mine
WHERE bare LIKE ANY (%s)
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = mine.oid AND deptype = 'e')
ORDER BY place, name
"""


def drop_everything() -> str:
    """Return SQL that drops all that is ours, also what only a newer or an older version knows.

    A dump only drops what it has itself: what else is there would be in the way of a migration.
    """
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
        names = map(connection.ops.quote_name, sorted(there & ours))
        cursor.execute(_NAMED_ALIKE, [_prefixes()])
        others = [drop for (drop,) in cursor.fetchall()]
    return "\n".join([*(f"DROP TABLE {name} CASCADE;" for name in names), *others, ""])


def drop_unknown() -> None:
    """Drop the tables that only migrations which are still to come will make.

    They are of data that was thrown away, by a MemoryLoop that did not know them.
    """
    loader = MigrationLoader(connection)
    applied = [each for each in loader.applied_migrations if each in loader.graph.nodes]
    made = loader.project_state(applied).apps.get_models(include_auto_created=True)
    ours = apps.get_models(include_auto_created=True)
    known, wanted = ({model._meta.db_table for model in models} for models in (made, ours))
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        for name in sorted(there & wanted - known):
            cursor.execute(f"DROP TABLE {connection.ops.quote_name(name)} CASCADE")


def _prefixes() -> list[str]:
    """Return how the names begin, as LIKE has it, of what apps beside Django's make."""
    configs = apps.get_app_configs()
    return [rf"{each.label}\_%" for each in configs if not each.name.startswith("django.")]
