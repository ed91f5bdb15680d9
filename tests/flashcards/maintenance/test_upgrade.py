"""Data of earlier versions is backed up and upgraded, or left as it was."""

import json
import signal
import tempfile
import uuid
from pathlib import Path
from typing import Any

from django.db.migrations.loader import MigrationLoader
from django.test import TransactionTestCase

from flashcards.maintenance.backup_places import BEFORE_UPGRADE, Folder, Stored
from flashcards.store import SCHEMA_VERSION
from tests.flashcards.maintenance.landed_versions import VERSIONS, counts, put
from tests.flashcards.store.installations import Elsewhere

LAST_MIGRATION = ".".join(MigrationLoader(None).graph.leaf_nodes("flashcards")[0])
LAST_STEP = f"upgrade-{SCHEMA_VERSION}-1"


class UpgradeTests(TransactionTestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="memoryloop-upgrade-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def elsewhere(self, version: str = "") -> Elsewhere:
        """Return an installation with the data of a version, else an empty one."""
        made = Elsewhere(self.folder / uuid.uuid4().hex[:6])
        self.addCleanup(made.remove)
        made.environment["MEMORYLOOP_BACKUP_BEFORE_UPGRADE"] = "true"
        if version:
            put(version, made)
        return made

    def upgrade(self, installation: Elsewhere, *where: str, expect: int = 0) -> dict[str, Any]:
        done = installation.run(
            "-m", "tests.flashcards.maintenance.upgrade_process", *where, expect=expect
        )
        return json.loads(done.stdout) if not expect else {}

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
                told = self.upgrade(installation, "nowhere")
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
        empty = self.elsewhere()
        restored = empty.manage("restore", "--json", stored.address)
        self.assert_up_to_date(json.loads(restored), version)

    def test_one_that_fails_leaves_both_stores_as_they_were(self) -> None:
        installation = self.elsewhere(VERSIONS[-1])
        for where, what, reason in (
            ("backup", "", "could not be backed up before. The disk of"),
            (
                "migration",
                LAST_MIGRATION,
                f"{LAST_MIGRATION}): value too long for type character varying(3). Nothing was "
                "changed: the data is as it was.",
            ),
            ("store", LAST_STEP, "the disk is full. Nothing was changed: the data is as it was."),
        ):
            with self.subTest(where):
                told = self.upgrade(installation, where, what)
                self.assertIn(reason, told["error"])
                self.assertEqual(told["after"], told["before"])
                left = self.backups(installation)
                # Of the same state of the data one is kept.
                self.assertEqual(len(left), 0 if where == "backup" else 1)
                if left:
                    self.assertIn(left[0].address, told["error"])
        # Killed, PostgreSQL is as it was; LanceDB has newer versions, which nobody recorded.
        self.upgrade(installation, "kill", LAST_STEP, expect=-signal.SIGKILL)
        told = self.upgrade(installation, "store", LAST_STEP)
        recorded = told["before"]["recorded"]
        self.assertEqual(told["after"]["recorded"], recorded)
        self.assertNotIn("search", str(told["after"]["flashcards"][0]))
        told = self.upgrade(installation, "nowhere")
        self.assertEqual((told["error"], told["before"]["recorded"]), ("", recorded))
        self.assert_up_to_date(told["checked"], VERSIONS[-1])
        (stored,) = self.backups(installation)
        self.assertEqual(stored.manifest.counts["flashcards"], counts(VERSIONS[-1])["flashcards"])
        self.assert_a_newer_versions_data_is_refused(installation)

    def assert_a_newer_versions_data_is_refused(self, installation: Elsewhere) -> None:
        shell = "from django.db import connection; connection.cursor().execute('{}')"
        newer = (
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ($$flashcards$$, $$0999_later$$, now())"
        )
        installation.manage("shell", "-c", shell.format(newer))
        said = installation.manage("upgrade", expect=1)
        self.assertIn("A newer MemoryLoop has used this data", said)
        self.assertIn("flashcards.0999_later", said)
        self.assertNotIn("Traceback", said)
        self.assertEqual(len(self.backups(installation)), 1)
