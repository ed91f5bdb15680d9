"""Learners import at the same time while the worker is killed: nothing lost, nothing doubled."""

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TransactionTestCase
from django.utils import timezone

from accounts.models import User
from flashcards.domain.records import Flashcard, LogKind
from flashcards.exchange import import_job, uploads
from flashcards.exchange.import_choice import Choice
from flashcards.maintenance import check
from flashcards.models import CardImport, ImportPart
from flashcards.store import cards, clear_cache, review_logs
from flashcards.store.maintenance import checkpoint
from tests.flashcards.exchange.anki_packages import CREATED, Package
from tests.flashcards.store.processes import start_python
from tests.forks import Fork

NOTES = 240
PATIENCE_SECONDS = 120.0
KILLS = 3


class KilledImportsTests(TransactionTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.worker: Fork | None = None
        self.addCleanup(self.kill)

    def test_two_learners_imports_of_every_kind_with_kills(self) -> None:
        alice, bob = (User.objects.create_user(f"{name}@example.org") for name in ("alice", "bob"))
        wanted = {
            self.start(alice, "deck.apkg", self.package(1, "anki2")): NOTES,
            self.start(alice, "more.csv", self.table(2)): NOTES,
            self.start(bob, "deck.apkg", self.package(3, "anki21")): NOTES,
            self.start(bob, "new.apkg", self.package(4, "anki21b")): NOTES,
        }
        owners = dict(CardImport.objects.values_list("id", "owner_id"))
        seen_before_the_first_ended: set[UUID] = set()
        killed = 0
        self.begin()
        done_at_kill = 0
        while True:
            rows = {row.id: row for row in CardImport.objects.all()}
            self.assertEqual([row.error for row in rows.values() if row.error], [])
            if not any(row.status == "done" for row in rows.values()):
                seen_before_the_first_ended |= {owners[i] for i, row in rows.items() if row.done}
            if all(row.status == "done" for row in rows.values()):
                break
            done = sum(row.done for row in rows.values())
            if killed < KILLS and done > done_at_kill:
                # In the middle of whatever comes after a step.
                time.sleep(0.1 * killed)
                self.kill()
                killed, done_at_kill = killed + 1, done
                self.begin()
            self.assertLess(time.monotonic(), self.ends, "The imports did not end.")
            time.sleep(0.02)
        self.kill()
        self.assertEqual(killed, KILLS)
        self.assertEqual(seen_before_the_first_ended, {alice.pk, bob.pk})
        for import_id, notes in wanted.items():
            row = CardImport.objects.get(id=import_id)
            self.assertEqual((row.done, row.report["imported"]), (notes + 2, notes + 1))
            self.assertEqual(sum(s["count"] for s in row.report["skipped"].values()), 1)
            made = ImportPart.objects.filter(card_import=row).values_list("card_ids", flat=True)
            self.assertEqual(sum(map(len, made)), 16 * (notes + 1))
        checkpoint.run_until_empty()
        clear_cache()
        for owner, reviewed in ((alice, 1), (bob, 2)):
            found = list(cards.for_owner(owner))
            self.assertEqual(len(found), 2 * (NOTES + 1))
            self.assertEqual(len({card.id for card in found}), len(found))
            rated = review_logs.for_owner(owner).exclude(kind=LogKind.MANUAL)
            self.assertEqual(rated.count(), 5 * NOTES * reviewed)
            self.assertEqual(self.of(found, "twice"), ["first"] * 2)
        findings = [f for f in check.check().findings if not f.kind.startswith("index")]
        self.assertEqual(findings, [])

    def of(self, found: list[Flashcard], question: str) -> list[str]:
        return [card.answer for card in found if card.question.startswith(question)]

    def package(self, number: int, form: str) -> bytes:
        """Return a package with reviews, and one note that is in it twice, far apart."""
        package = Package()
        package.basic(f"twice {number}", "first", guid=f"{number} twice")
        for note in range(NOTES):
            card = package.basic(
                f"q{number} <b>{note}</b>", "a", guid=f"{number} {note}", type=2, queue=2, due=24
            )
            package.studied(card, CREATED + timedelta(days=10, milliseconds=note))
        package.basic(f"twice {number}", "second", guid=f"{number} twice")
        return package.write(self.folder / f"{number}.apkg", form).read_bytes()

    def table(self, number: int) -> bytes:
        lines = [f"q{number} {note};a" for note in range(NOTES)]
        twice = f"twice {number}"
        return "\n".join([f"{twice};first", *lines, f"{twice};first"]).encode()

    def start(self, owner: User, name: str, content: bytes) -> UUID:
        upload = SimpleUploadedFile(name, content)
        row = uploads.receive(owner_id=owner.pk, upload=upload, now=timezone.now())
        import_job.start(owner_id=owner.pk, import_id=row.id, choice=Choice(), now=timezone.now())
        return row.id

    def begin(self) -> None:
        self.worker = start_python("-m", "tests.flashcards.exchange.worker_process")
        self.ends = time.monotonic() + PATIENCE_SECONDS

    def kill(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.communicate()
            self.worker = None
