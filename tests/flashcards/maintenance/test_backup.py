"""A backup taken while others rate holds both stores of one moment, and comes back elsewhere."""

import json
import signal
import stat
import subprocess
import sys
import tempfile
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.test import TransactionTestCase

from accounts.models import User
from flashcards.domain.records import Rating
from flashcards.maintenance import backup
from flashcards.review.ratings import review_card
from flashcards.store import checkpoint_all, review_logs
from flashcards.store.maintenance import checkpoint
from tests.engines import by_engine, looks_into_the_journal
from tests.factories import NOW, stored_card
from tests.flashcards.store.installations import Elsewhere, Installation, here
from tests.flashcards.store.processes import acknowledged, forget, start
from tests.forks import Fork
from tests.live import REPOSITORY


class BackupTestCase(TransactionTestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="memoryloop-backup-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.alice = User.objects.create_user("alice@example.org")
        self.cards = [stored_card(self.alice, answer="naïve 日本 ∑") for _ in range(5)]
        self.rate(self.cards[0].id)
        checkpoint_all()
        # Where there is a journal, these wait in it.
        self.rate(self.cards[1].id)
        stored_card(self.alice)
        data = self.folder / "here"
        (data / "media").mkdir(parents=True)
        (data / "media" / "picture.svg").write_text("<svg/>")
        self.here = here(data)
        self.addCleanup(self.here.close)
        self.backup = self.folder / "backup"

    def rate(self, card_id: uuid.UUID) -> None:
        review_card(
            owner_id=self.alice.pk,
            card_id=card_id,
            review_id=uuid.uuid4(),
            sequence=0,
            rating=Rating.GOOD,
            now=NOW + timedelta(hours=1),
        )

    def reviews(self) -> set[str]:
        forget()
        return {str(log.id) for log in review_logs.for_owner(self.alice)}

    def elsewhere(self) -> Elsewhere:
        made = Elsewhere(self.folder / f"elsewhere-{uuid.uuid4().hex[:6]}")
        self.addCleanup(made.remove)
        return made

    def counts(self) -> dict[str, int]:
        """Return what a backup counts of the cards."""
        return by_engine(
            lancedb={"pending": 2, "flashcards": 5, "review_logs": 1},
            postgresql={"pending": 0, "flashcards": 6, "review_logs": 2},
        )

    def manifest(self) -> dict[str, Any]:
        return json.loads((self.backup / "manifest.json").read_text())  # type: ignore[no-any-return]


class BackupWhileServingTests(BackupTestCase):
    def test_every_review_acknowledged_before_it_began_comes_back(self) -> None:
        # They go on until they are killed, and leave the backup something of the processor.
        raters = [self.at_work("rate", seed) for seed in range(2)]
        mover = self.at_work("checkpoint")
        for rater in raters:
            assert rater.stdout is not None
            rater.stdout.readline()
        before = self.reviews()
        self.here.manage("backup", str(self.backup))
        at_work = [rater.poll() is None for rater in raters]
        after = self.reviews()
        for process in (*raters, mover):
            process.kill()
            process.communicate()
        self.assertTrue(any(at_work), "the raters ended before the backup did")
        elsewhere = self.elsewhere()
        self.assertIn("is back", elsewhere.manage("restore", str(self.backup)))
        restored = elsewhere.reviews(self.alice.pk)
        self.assertLessEqual(before, restored)
        self.assertLessEqual(restored, after)
        self.assertTrue(elsewhere.check()["clean"])
        # What is restored can be worked with.
        said = elsewhere.run(
            *("-m", "tests.flashcards.store.store_process", "mix", str(self.alice.pk), "7", "12")
        )
        done = acknowledged(said)
        self.assertTrue(done)
        now_there = elsewhere.reviews(self.alice.pk)
        self.assertLessEqual({item["review"] for item in done if "review" in item}, now_there)
        elsewhere.manage("checkpoint")
        self.assertTrue(elsewhere.check()["clean"])

    def at_work(self, action: str, seed: int = 0) -> Fork:
        return start(action, self.alice.pk, seed=seed, count=100_000, pause_seconds=0.1)

    def test_reviews_are_not_held_up_while_lancedb_is_read(self) -> None:
        with checkpoint.consistent_snapshot():
            rater = start("rate", self.alice.pk, count=3)
            output, errors = rater.communicate(timeout=60)
            self.assertEqual(rater.returncode, 0, errors)
            self.assertEqual(len(acknowledged(output)), 3)


class BackupFolderTests(BackupTestCase):
    def test_it_says_what_is_in_it_and_only_its_owner_may_look(self) -> None:
        said = self.here.manage("backup", str(self.backup))
        counted = by_engine(
            lancedb="1 accounts, 5 cards, 1 reviews and 2 pending changes",
            postgresql="1 accounts, 6 cards, 2 reviews and 0 pending changes",
        )
        self.assertIn(counted, said)
        self.assertIn("Not in it:", said)
        manifest = self.manifest()
        rows = by_engine(lancedb={"flashcards.arrow", "review_logs.arrow"}, postgresql=set())
        self.assertEqual(set(manifest["files"]), {"postgresql.dump", "media/picture.svg", *rows})
        self.assertEqual(manifest["counts"], {"learners": 1, "messages": 0, **self.counts()})
        self.assertEqual(stat.S_IMODE(self.backup.stat().st_mode), 0o700)
        modes = {stat.S_IMODE(path.stat().st_mode) for path in self.backup.glob("*.*")}
        self.assertEqual(modes, {0o600})
        self.assertFalse(self.backup.with_name("backup.partial").exists())

    def test_secrets_are_in_it_only_if_asked_for_and_come_back(self) -> None:
        secrets = self.here.data / "secrets"
        secrets.mkdir(exist_ok=True)
        (secrets / "encryption-key").write_text("the key that decrypts\n")
        self.here.manage("backup", "--with-secrets", str(self.backup))
        kept = self.backup / "secrets" / "encryption-key"
        self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o600)
        elsewhere = self.elsewhere()
        (elsewhere.data / "secrets").mkdir()
        (elsewhere.data / "secrets" / "encryption-key").write_text("another\n")
        elsewhere.manage("restore", str(self.backup))
        key = elsewhere.data / "secrets" / "encryption-key"
        self.assertEqual(key.read_text(), "the key that decrypts\n")
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        (old,) = key.parent.glob("encryption-key.before-*")
        self.assertEqual(old.read_text(), "another\n")
        self.assertEqual((elsewhere.data / "media" / "picture.svg").read_text(), "<svg/>")

    def test_it_never_writes_into_a_folder_that_holds_something(self) -> None:
        self.backup.mkdir()
        (self.backup / "mine").write_text("x")
        said = self.here.manage("backup", str(self.backup), expect=1)
        self.assertIn("exists already: name a new folder", said)
        self.assertEqual([path.name for path in self.backup.iterdir()], ["mine"])

    def test_killed_in_the_middle_it_leaves_nothing_under_its_name(self) -> None:
        process = subprocess.Popen(
            [sys.executable, REPOSITORY / "manage.py", "backup", str(self.backup)],
            env=self.here.environment,
            cwd=REPOSITORY,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        with process, process.stderr:
            self.assertIn("Dumping PostgreSQL", process.stderr.readline())
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.assertFalse(self.backup.exists())
        self.assertTrue(self.backup.with_name("backup.partial").exists())
        # The next one clears it away.
        self.here.manage("backup", str(self.backup))
        self.assertFalse(self.backup.with_name("backup.partial").exists())
        self.assertEqual(self.manifest()["counts"]["flashcards"], self.counts()["flashcards"])

    @looks_into_the_journal
    def test_what_a_dead_checkpoint_left_is_settled_first(self) -> None:
        mover = start("checkpoint", self.alice.pk, failpoint="checkpoint-written")
        mover.communicate(timeout=60)
        self.assertEqual(mover.returncode, -signal.SIGKILL)
        self.here.manage("backup", str(self.backup))
        self.assertEqual(self.manifest()["counts"]["pending"], 0)
        self.assertEqual(self.manifest()["counts"]["review_logs"], 2)

    def test_an_installation_without_cards_can_be_backed_up_and_restored(self) -> None:
        first, second = self.elsewhere(), self.elsewhere()
        first.manage("migrate", "--verbosity=0")
        first.manage("backup", str(self.backup))
        self.assertEqual(self.manifest()["counts"]["flashcards"], 0)
        second.manage("restore", str(self.backup))
        self.assertTrue(second.check()["clean"])


class RestoreTests(BackupTestCase):
    def setUp(self) -> None:
        super().setUp()
        backup.make(self.backup, now=NOW)

    def assert_untouched(self, installation: Installation, cards: int) -> None:
        report = installation.check()
        self.assertEqual((report["clean"], report["cards"]), (True, cards))

    def test_a_changed_a_missing_and_an_unknown_file_are_told_before_anything_is_done(self) -> None:
        elsewhere = self.elsewhere()
        name = by_engine(lancedb="flashcards.arrow", postgresql="postgresql.dump")
        file = self.backup / name
        whole = file.read_bytes()
        file.write_bytes(whole[:-9] + b"x" + whole[-8:])
        said = elsewhere.manage("restore", str(self.backup), expect=1)
        self.assertIn(f"{name} has changed since the backup was made", said)
        file.unlink()
        said = elsewhere.manage("restore", str(self.backup), expect=1)
        self.assertIn(f"{name} is missing: the backup is incomplete", said)
        said = elsewhere.manage("restore", str(self.folder), expect=1)
        self.assertIn("is no backup: it has no manifest.json", said)
        self.assertFalse((elsewhere.data / "lancedb").exists())

    def test_a_newer_backup_is_refused(self) -> None:
        elsewhere = self.elsewhere()
        original = self.manifest()
        migrations = {**original["migrations"], "flashcards": ["0001_initial", "0999_later"]}
        for changes, words in (
            ({"format": 3}, "has the format 3 and this is 2"),
            ({"engine": "another"}, "names the engine another"),
            ({"schema": 99}, "has card schema 99"),
            ({"migrations": migrations}, "has the migration flashcards.0999_later, not known here"),
        ):
            (self.backup / "manifest.json").write_text(json.dumps({**original, **changes}))
            said = elsewhere.manage("restore", str(self.backup), expect=1)
            self.assertIn(words, said)
            self.assertIn("restore it with the MemoryLoop that made it, or a newer one", said)

    def test_an_installation_with_cards_is_replaced_only_when_told_to(self) -> None:
        elsewhere = self.elsewhere()
        elsewhere.manage("restore", str(self.backup))
        created = elsewhere.run(
            *("-m", "tests.flashcards.store.store_process", "create", str(self.alice.pk), "1", "4")
        )
        self.assertEqual(len(acknowledged(created)), 4)
        said = elsewhere.manage("restore", str(self.backup), expect=1)
        self.assertIn("1 accounts", said)
        self.assertIn("say --replace to throw away what is here", said)
        self.assert_untouched(elsewhere, 6 + 12)
        elsewhere.manage("checkpoint")
        elsewhere.manage("restore", "--replace", str(self.backup))
        self.assert_untouched(elsewhere, 6)
        self.assertEqual(elsewhere.reviews(self.alice.pk), self.reviews())

    def test_while_others_use_the_database_it_is_left_alone(self) -> None:
        said = self.here.manage("restore", "--replace", str(self.backup), expect=1)
        self.assertIn("other connections use this database: stop MemoryLoop", said)
        self.assertEqual(len(self.reviews()), 2)

    def test_when_postgresql_cannot_be_restored_both_stores_stay_as_they_were(self) -> None:
        elsewhere = self.elsewhere()
        elsewhere.manage("restore", str(self.backup))
        elsewhere.run(
            *("-m", "tests.flashcards.store.store_process", "create", str(self.alice.pk), "1", "2")
        )
        elsewhere.manage("checkpoint")
        self.damage_the_dump()
        said = elsewhere.manage("restore", "--replace", str(self.backup), expect=1)
        self.assertIn("cannot be read by pg_restore", said)
        self.assert_untouched(elsewhere, 6 + 6)
        empty = self.elsewhere()
        empty.manage("restore", str(self.backup), expect=1)
        self.assertEqual(list((empty.data / "lancedb").glob("*.lance")), [])

    def damage_the_dump(self) -> None:
        """Cut its end off, and have the manifest agree."""
        dump = self.backup / "postgresql.dump"
        dump.write_bytes(dump.read_bytes()[:-2_000])
        manifest = self.manifest()
        manifest["files"]["postgresql.dump"] = backup.describe(dump)
        (self.backup / "manifest.json").write_text(json.dumps(manifest))

    def test_the_command_reports_as_json(self) -> None:
        said = json.loads(self.elsewhere().manage("restore", "--json", str(self.backup)))
        self.assertEqual((said["clean"], said["cards"], said["logs"]), (True, 6, 2))
