"""Data of earlier versions is backed up and upgraded, or left as it was."""

import json
import signal
import tempfile
import uuid
from pathlib import Path
from typing import Any

import psycopg
from django.db.migrations.loader import MigrationLoader
from django.test import TransactionTestCase

from flashcards.maintenance.backup_places import BEFORE_UPGRADE, Folder, Stored
from flashcards.store import SCHEMA_VERSION
from tests.flashcards.maintenance.landed_versions import VERSIONS, counts, put
from tests.flashcards.store.installations import Elsewhere

LAST_MIGRATION = ".".join(MigrationLoader(None).graph.leaf_nodes("flashcards")[0])
# What an earlier version leaves that puts its own backup back over data of this one.
LEFTOVERS = """
CREATE TABLE chat_searchword (id integer);
CREATE FUNCTION chat_near_words(owner uuid, word text) RETURNS text[] LANGUAGE sql IMMUTABLE
  AS 'SELECT ARRAY[word]';
"""
# Settings of single decks, one of them with more cards for a day, and a plan that has changed one.
DECK_SETTINGS = """
INSERT INTO flashcards_studysettings
  (owner_id, deck_id, desired_retention, new_per_day, extra_on, extra_new, extra_reviews,
    updated_at)
  SELECT owner_id, id, 0.8, 7, '2026-11-30', 5, 0, now() FROM flashcards_deck
  WHERE search = '' ORDER BY name LIMIT 2;
INSERT INTO flashcards_backlogplan
  (owner_id, minutes_per_day, reviews_per_day, "order", hold_new, before, given, due_at_start,
    started_at, ended)
  SELECT owner_id, 10, 50, 'due', true,
    jsonb_build_object(deck_id, '{"new_per_day": 20}'::jsonb),
    jsonb_build_object(deck_id, '{"new_per_day": 7}'::jsonb), 100, now(), ''
  FROM flashcards_studysettings WHERE deck_id IS NOT NULL ORDER BY id LIMIT 1;
"""
PRESETS = """
SELECT d.name, s.name, s.desired_retention, s.new_per_day, s.extra_new, d.extra_on::text,
  d.extra_new, (SELECT p.given -> s.id::text ->> 'new_per_day' FROM flashcards_backlogplan p)
FROM flashcards_deck d JOIN flashcards_studysettings s ON s.id = d.preset_id ORDER BY s.id
"""
LAST_STEP = f"upgrade-{SCHEMA_VERSION}-1"


class UpgradeTests(TransactionTestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="memoryloop-upgrade-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def elsewhere(self, version: str) -> Elsewhere:
        """Return an installation with the data of a version."""
        made = Elsewhere(self.folder / uuid.uuid4().hex[:6])
        self.addCleanup(made.remove)
        made.environment["MEMORYLOOP_BACKUP_BEFORE_UPGRADE"] = "true"
        put(version, made)
        if version == VERSIONS[-1]:
            with psycopg.connect(made.environment["DATABASE_URL"]) as database:
                database.execute(LEFTOVERS)
                database.execute(DECK_SETTINGS)
        return made

    def upgrade(
        self, installation: Elsewhere, *scenarios: str, expect: int = 0
    ) -> list[dict[str, Any]]:
        """Have a process go through scenarios, and return what it told of each."""
        told = installation.run(
            "-m", "tests.flashcards.maintenance.upgrade_process", *scenarios, expect=expect
        )
        return [json.loads(line) for line in told.splitlines()]

    def backups(self, installation: Elsewhere) -> list[Stored]:
        return Folder(installation.data / "backups").stored(BEFORE_UPGRADE)

    def assert_up_to_date(self, checked: dict[str, Any], version: str) -> None:
        wanted = counts(version)
        # The files have no indexes, and the worker makes them.
        found = [finding["kind"] for finding in checked["findings"]]
        self.assertEqual([kind for kind in found if kind != "index_missing"], [])
        self.assertEqual(
            (checked["cards"], checked["logs"]), (wanted["flashcards"], wanted["review_logs"])
        )

    def test_from_each_landed_version_everything_is_kept_and_backed_up_before(self) -> None:
        self.assertEqual(len(VERSIONS), 3)
        for version in VERSIONS:
            with self.subTest(version):
                installation = self.elsewhere(version)
                told, restored = self.upgrade(installation, "nowhere", "restore")
                self.assertEqual(told["error"], "")
                said = "\n".join(told["said"])
                self.assertIn("This MemoryLoop is newer than its data", said)
                self.assertIn("Backing it up first", said)
                self.assertIn(f"{LAST_MIGRATION} …", said)
                self.assertIn(f"card store, schema {SCHEMA_VERSION}: ", said)
                self.assert_up_to_date(told["checked"], version)
                (stored,) = self.backups(installation)
                self.assertTrue(stored.is_verified)
                # As the earlier version would have made it, which can restore it.
                wanted = counts(version)
                self.assertEqual(stored.manifest.schema, wanted.pop("schema"))
                self.assertEqual(stored.manifest.counts, wanted)
                # This one restores it as well.
                self.assert_up_to_date(restored["checked"], version)

    def test_one_that_fails_leaves_both_stores_as_they_were(self) -> None:
        installation = self.elsewhere(VERSIONS[-1])
        failures = (
            ("backup", "could not be backed up before. The disk of"),
            (
                f"migration={LAST_MIGRATION}",
                f"{LAST_MIGRATION}): value too long for type character varying(3). Nothing was "
                "changed: the data is as it was.",
            ),
            (
                f"store={LAST_STEP}",
                "the disk is full. Nothing was changed: the data is as it was.",
            ),
        )
        scenarios = [scenario for scenario, _ in failures]
        # The process ends in the last one.
        all_told = self.upgrade(
            installation, *scenarios, f"kill={LAST_STEP}", expect=-signal.SIGKILL
        )
        for (scenario, reason), told in zip(failures, all_told, strict=True):
            with self.subTest(scenario):
                self.assertIn(reason, told["error"])
                self.assertEqual(told["after"], told["before"])
                left = told["backups"]
                # Of the same state of the data one is kept.
                self.assertEqual(len(left), 0 if scenario == "backup" else 1)
                if left:
                    self.assertIn(left[0], told["error"])
        # Killed, PostgreSQL is as it was; LanceDB has newer versions, which nobody recorded.
        failed, upgraded, refused = self.upgrade(
            installation, f"store={LAST_STEP}", "nowhere", "newer"
        )
        self.assertIn("the disk is full. Nothing was changed", failed["error"])
        recorded = failed["before"]["recorded"]
        self.assertEqual(failed["after"]["recorded"], recorded)
        self.assertNotIn("search", str(failed["after"]["flashcards"][0]))
        self.assertEqual((upgraded["error"], upgraded["before"]["recorded"]), ("", recorded))
        with psycopg.connect(installation.environment["DATABASE_URL"]) as database:
            (of_one, of_other) = database.execute(PRESETS).fetchall()
        for name, *of_deck in (of_one, of_other):
            self.assertEqual(of_deck[:-1], [name, 0.8, 7, 0, "2026-11-30", 5])
        self.assertEqual((of_one[-1], of_other[-1]), ("7", None))
        self.assert_up_to_date(upgraded["checked"], VERSIONS[-1])
        (stored,) = self.backups(installation)
        self.assertEqual(stored.manifest.counts["flashcards"], counts(VERSIONS[-1])["flashcards"])
        # Data of a newer version.
        self.assertIn("A newer MemoryLoop has used this data", refused["error"])
        self.assertIn("flashcards.0999_later", refused["error"])
