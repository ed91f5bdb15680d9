"""A backup of either engine comes back to that engine, whatever has the cards where it is put."""

import json
import uuid

import psycopg
from psycopg import sql

from flashcards.maintenance import restore, verify_backup
from flashcards.maintenance.backup import BackupError
from tests.engines import InLanceDB, InPostgreSQL
from tests.flashcards.maintenance.test_backup import BackupTestCase
from tests.flashcards.store.installations import Elsewhere, execute_as_administrator
from tests.flashcards.store.processes import acknowledged


def engine_of(installation: Elsewhere) -> str:
    """Return the engine that an installation's database recorded."""
    with psycopg.connect(installation.environment["DATABASE_URL"]) as database:
        row = database.execute("SELECT engine FROM flashcards_storeversions").fetchone()
    return str(row[0]) if row else ""


def lance_tables(installation: Elsewhere) -> list[str]:
    return sorted(path.stem for path in (installation.data / "lancedb").glob("*.lance"))


class OfPostgresTests(InPostgreSQL, BackupTestCase):
    def test_its_rows_are_in_the_dump_and_are_counted_there(self) -> None:
        self.here.manage("backup", str(self.backup))
        manifest = self.manifest()
        self.assertEqual((manifest["format"], manifest["engine"]), (2, "postgresql"))
        self.assertEqual(set(manifest["files"]), {"postgresql.dump", "media/picture.svg"})
        counts = {"learners": 1, "messages": 0, "pending": 0, "flashcards": 6, "review_logs": 2}
        self.assertEqual(manifest["counts"], counts)
        verify_backup.verify(self.backup, restore.read_manifest(self.backup))
        manifest["counts"]["review_logs"] = 3
        (self.backup / "manifest.json").write_text(json.dumps(manifest))
        with self.assertRaisesRegex(BackupError, "2 rows of review_logs and there were 3"):
            verify_backup.verify(self.backup, restore.read_manifest(self.backup))

    def test_it_comes_back_to_postgresql_also_where_lancedb_has_the_cards(self) -> None:
        self.here.manage("backup", str(self.backup))
        reviews = self.reviews()
        elsewhere = self.elsewhere()
        elsewhere.environment["CARD_STORE"] = "lancedb"
        self.assertIn("6 cards, 2 reviews", elsewhere.manage("restore", str(self.backup)))
        self.assertEqual(engine_of(elsewhere), "postgresql")
        self.assertEqual(elsewhere.reviews(self.alice.pk), reviews)
        self.assertTrue(elsewhere.check()["clean"])
        # What is restored can be worked with.
        said = elsewhere.run(
            *("-m", "tests.flashcards.store.store_process", "mix", str(self.alice.pk), "7", "9")
        )
        done = {item["review"] for item in acknowledged(said) if "review" in item}
        self.assertLessEqual(done | reviews, elsewhere.reviews(self.alice.pk))
        self.assertTrue(elsewhere.check()["clean"])
        self.assertIn("switch_store --to lancedb", elsewhere.manage("upgrade", "--quiet", expect=1))
        self.assertEqual(lance_tables(elsewhere), [])
        # And over those, when told to.
        self.assertIn("1 accounts", elsewhere.manage("restore", str(self.backup), expect=1))
        elsewhere.manage("restore", "--replace", str(self.backup))
        self.assertEqual(elsewhere.reviews(self.alice.pk), reviews)

    def test_it_comes_back_where_an_administrator_has_made_the_extensions(self) -> None:
        self.here.manage("backup", str(self.backup))
        reviews = self.reviews()
        role = sql.Identifier(f"limited_{uuid.uuid4().hex[:12]}")
        self.addCleanup(execute_as_administrator, sql.SQL("DROP ROLE {}").format(role))
        elsewhere = self.elsewhere()
        with psycopg.connect(elsewhere.environment["DATABASE_URL"]) as database:
            database.execute("CREATE EXTENSION vector; CREATE EXTENSION unaccent")
            database.execute(sql.SQL("CREATE ROLE {}").format(role))
            database.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(role))
            # Whoever connects is that role from now on.
            named = sql.Identifier(elsewhere.name)
            database.execute(sql.SQL("ALTER DATABASE {} SET role TO {}").format(named, role))
        elsewhere.manage("restore", str(self.backup))
        self.assertEqual(elsewhere.reviews(self.alice.pk), reviews)
        # Over itself, too.
        elsewhere.manage("restore", "--replace", str(self.backup))
        self.assertEqual(elsewhere.reviews(self.alice.pk), reviews)
        with psycopg.connect(elsewhere.environment["DATABASE_URL"]) as database:
            found = database.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall()
        self.assertEqual([each for (each,) in found], ["plpgsql", "unaccent", "vector"])


class OfLanceTests(InLanceDB, BackupTestCase):
    def test_it_replaces_cards_in_postgresql_and_the_other_way_round(self) -> None:
        self.here.manage("backup", str(self.backup))
        self.assertNotIn("engine", self.manifest())
        self.assertEqual(self.manifest()["format"], 1)
        reviews = self.reviews()
        elsewhere = self.elsewhere()
        elsewhere.environment["CARD_STORE"] = "postgresql"
        elsewhere.manage("upgrade", "--quiet")
        self.assertEqual(engine_of(elsewhere), "postgresql")
        empty = self.folder / "empty"
        elsewhere.manage("backup", str(empty))
        elsewhere.manage("restore", str(self.backup))
        self.assertEqual(engine_of(elsewhere), "lancedb")
        self.assertEqual(elsewhere.reviews(self.alice.pk), reviews)
        self.assertTrue(elsewhere.check()["clean"])
        elsewhere.manage("checkpoint")
        self.assertEqual(lance_tables(elsewhere), ["flashcards", "review_logs", "store"])
        # What is thrown away goes from LanceDB, too.
        elsewhere.manage("restore", "--replace", str(empty))
        self.assertEqual(engine_of(elsewhere), "postgresql")
        self.assertEqual(lance_tables(elsewhere), [])
        self.assertEqual(elsewhere.reviews(self.alice.pk), set())
        elsewhere.manage("upgrade", "--quiet")
        # And the way back to it is open.
        elsewhere.manage("switch_store", "--to", "lancedb")
        self.assertEqual(engine_of(elsewhere), "lancedb")

    def test_what_lancedb_keeps_from_before_a_switch_stays_until_it_is_dropped(self) -> None:
        of_lancedb, of_postgresql = self.backup, self.folder / "of-postgresql"
        self.here.manage("backup", str(of_lancedb))
        reviews = self.reviews()
        elsewhere = self.elsewhere()
        elsewhere.environment["CARD_STORE"] = "lancedb"
        elsewhere.manage("restore", str(of_lancedb))
        self.assertIn("nothing is old", elsewhere.manage("switch_store", "--drop-old", expect=1))
        elsewhere.manage("switch_store", "--to", "postgresql")
        elsewhere.manage("backup", str(of_postgresql))
        said = elsewhere.manage("restore", "--replace", str(of_postgresql))
        self.assertIn("What LanceDB has from before is kept", said)
        self.assertEqual(lance_tables(elsewhere), ["flashcards", "review_logs", "store"])
        self.assertEqual(elsewhere.reviews(self.alice.pk), reviews)
        elsewhere.manage("switch_store", "--drop-old")
        self.assertEqual(lance_tables(elsewhere), ["store"])
        self.assertEqual(elsewhere.reviews(self.alice.pk), reviews)
        self.assertTrue(elsewhere.check()["clean"])
