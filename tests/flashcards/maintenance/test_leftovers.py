"""What another version has left in PostgreSQL goes, and nothing else does."""

from django.db import connection
from django.test import TestCase

from flashcards.maintenance import leftovers


class LeftoverTests(TestCase):
    def tables(self) -> set[str]:
        with connection.cursor() as cursor:
            return set(connection.introspection.table_names(cursor))

    def test_of_data_that_is_up_to_date_no_table_is_unknown(self) -> None:
        before = self.tables()
        leftovers.drop_unknown()
        self.assertEqual(self.tables(), before)

    def test_of_a_migration_to_come_the_tables_that_are_there_go(self) -> None:
        before = self.tables()
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM django_migrations WHERE app = 'flashcards' AND name >= '0019'"
            )
        leftovers.drop_unknown()
        gone = before - self.tables()
        self.assertIn("flashcards_backupstatus", gone)
        # Those of the migrations before it stay, and all of the other apps.
        self.assertNotIn("flashcards_journalentry", gone)
        self.assertEqual({name for name in gone if not name.startswith("flashcards_")}, set())

    def test_everything_is_what_any_version_made_and_nothing_of_an_extension(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE flashcards_later (id integer)")
            cursor.execute("CREATE TABLE others_table (id integer)")
            cursor.execute("CREATE TYPE chat_later AS ENUM ('one')")
            cursor.execute(
                "CREATE FUNCTION accounts_later(kind chat_later, n integer) RETURNS integer"
                " LANGUAGE sql AS 'SELECT n'"
            )
            cursor.execute(leftovers.drop_everything())
            # That of Django's migrations goes with the dump, which has it.
            self.assertEqual(self.tables(), {"django_migrations", "others_table"})
            cursor.execute(
                "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
                " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_proc.oid"
                " AND d.deptype = 'e')"
            )
            self.assertEqual(cursor.fetchall(), [])
            cursor.execute("SELECT '[1,2]'::vector <-> '[1,2]'::vector")
